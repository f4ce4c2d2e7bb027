// It takes for granted that an answer comes within a second.
// finds: assertion assert in main
#include <poll.h>
#include <unistd.h>
#include <cassert>
#include <thread>

int main() {
  int ends[2];
  if (pipe(ends) != 0) return 2;
  std::thread other([&] { (void)!write(ends[1], "x", 1); });
  pollfd wanted{ends[0], POLLIN, 0};
  assert(poll(&wanted, 1, 1000) == 1);
  other.join();
}
