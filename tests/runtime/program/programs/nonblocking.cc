// A descriptor that does not wait: whoever asks again and again lets the others go on meanwhile.
// clean
#include <fcntl.h>
#include <unistd.h>
#include <cassert>
#include <cerrno>
#include <thread>

int main() {
  int ends[2];
  assert(pipe2(ends, O_NONBLOCK) == 0);
  std::thread other([&] { assert(write(ends[1], "x", 1) == 1); });
  char byte = 0;
  while (read(ends[0], &byte, 1) != 1) assert(errno == EAGAIN);
  assert(byte == 'x' && (fcntl(ends[0], F_GETFL) & O_NONBLOCK) != 0);
  other.join();
}
