// A thread reads from a socket that another one closes: by Linux that wakes nobody.
// finds: deadlock
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

int main() {
  int ends[2];
  socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
  std::thread reader([&] {
    char byte = 0;
    (void)!read(ends[0], &byte, 1);
  });
  usleep(1000);
  close(ends[0]);
  reader.join();
}
