// Threads that wait for pipes: a reader who comes first, a writer of more than a pipe holds, two
// who read from one pipe, the end of the input.
// clean
#include <fcntl.h>
#include <unistd.h>

#include <cassert>
#include <thread>
#include <vector>

int main() {
  int ends[2];
  assert(pipe(ends) == 0);
  std::vector<char> sent(100'000, 'x');
  std::thread writer([&] {
    assert(write(ends[1], sent.data(), sent.size()) == static_cast<ssize_t>(sent.size()));
    close(ends[1]);
  });
  std::size_t got[2] = {};
  const auto take = [&](std::size_t& bytes) {
    char buffer[30'000];
    ssize_t part = 0;
    while ((part = read(ends[0], buffer, sizeof buffer)) > 0)
      bytes += static_cast<std::size_t>(part);
    assert(part == 0);
  };
  std::thread other([&] { take(got[0]); });
  take(got[1]);
  other.join();
  writer.join();
  assert(got[0] + got[1] == sent.size());
  assert((fcntl(ends[0], F_GETFL) & O_NONBLOCK) == 0);
  close(ends[0]);
}
