// A process that makes another one is told that it cannot, and whoever explores it is told so, too.
// clean
// escapes: fork
#include <unistd.h>
#include <cassert>
#include <cerrno>
#include <thread>

int main() {
  std::thread other([] {});
  assert(fork() == -1 && errno == ENOSYS);
  other.join();
}
