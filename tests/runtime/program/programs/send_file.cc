// From a file into a socket and from there into a pipe, without a buffer between.
// clean
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cassert>
#include <string>
#include <thread>

int main() {
  const int file = memfd_create("file", 0);
  const std::string text(5000, 'y');
  assert(write(file, text.data(), text.size()) == 5000 && lseek(file, 0, SEEK_SET) == 0);
  int ends[2], sockets[2];
  assert(pipe(ends) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0);
  std::thread move([&] {
    while (splice(sockets[1], nullptr, ends[1], nullptr, 65536, 0) > 0) {
    }
    close(ends[1]);
  });
  std::thread feed([&] {
    assert(sendfile(sockets[0], file, nullptr, text.size()) == 5000);
    close(sockets[0]);
  });
  char buffer[4096];
  std::size_t got = 0;
  ssize_t part = 0;
  while ((part = read(ends[0], buffer, sizeof buffer)) > 0) got += static_cast<std::size_t>(part);
  assert(got == text.size());
  move.join();
  feed.join();
}
