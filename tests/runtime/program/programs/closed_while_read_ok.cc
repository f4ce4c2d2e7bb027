// A thread reads from a socket that another one shuts down before it closes it: what it then reads
// is the end, or the number is no longer one.
// clean
#include <sys/socket.h>
#include <unistd.h>

#include <cassert>
#include <cerrno>
#include <thread>

int main() {
  int ends[2];
  socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
  std::thread reader([&] {
    char byte = 0;
    const auto got = read(ends[0], &byte, 1);
    assert(got == 0 || (got == -1 && errno == EBADF));
  });
  usleep(1000);
  shutdown(ends[0], SHUT_RDWR);
  close(ends[0]);
  reader.join();
}
