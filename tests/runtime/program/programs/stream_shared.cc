// Two threads read lines from one FILE: whoever waits for the pipe holds the stream's own lock.
// clean
#include <unistd.h>
#include <atomic>
#include <cassert>
#include <cstdio>
#include <thread>

int main() {
  int ends[2];
  assert(pipe(ends) == 0);
  FILE* const in = fdopen(ends[0], "r");
  std::atomic<int> lines{0};
  const auto take = [&] {
    char line[32];
    while (fgets(line, sizeof line, in) != nullptr) ++lines;
  };
  std::thread one(take), two(take);
  for (int i = 0; i < 4; ++i) assert(write(ends[1], "word\n", 5) == 5);
  close(ends[1]);
  one.join();
  two.join();
  assert(lines == 4);
  fclose(in);
}
