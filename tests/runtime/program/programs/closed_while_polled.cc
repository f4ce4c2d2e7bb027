// A descriptor is closed that a thread polls; the file goes when that is over.
// clean
#include <poll.h>
#include <unistd.h>

#include <cassert>
#include <cerrno>
#include <csignal>
#include <thread>

int main() {
  signal(SIGPIPE, SIG_IGN);
  int ends[2];
  assert(pipe(ends) == 0);
  std::thread poller([&] {
    pollfd wanted{ends[0], POLLIN, 0};
    poll(&wanted, 1, 50);
  });
  usleep(1000);
  close(ends[0]);
  poller.join();
  assert(write(ends[1], "x", 1) == -1 && errno == EPIPE);
}
