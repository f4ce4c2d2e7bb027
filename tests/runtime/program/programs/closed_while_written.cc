// A thread writes more than a pipe holds, and its descriptor is closed meanwhile: the pipe ends
// when all is written.
// clean
#include <unistd.h>

#include <array>
#include <cassert>
#include <thread>

std::array<char, (64 << 10) + 4096> bytes;

int main() {
  int ends[2];
  assert(pipe(ends) == 0);
  std::thread writer([&] { (void)!write(ends[1], bytes.data(), bytes.size()); });
  usleep(1000);
  close(ends[1]);
  std::array<char, 4096> part;
  while (read(ends[0], part.data(), part.size()) > 0) {
  }
  writer.join();
}
