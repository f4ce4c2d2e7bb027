// main returns while a thread is in the middle of reading a stream: exit() does not wait for it.
// clean
#include <unistd.h>

#include <cstdio>
#include <thread>

int main() {
  int ends[2];
  (void)!pipe(ends);
  FILE* const stream = fdopen(ends[0], "r");
  std::thread([stream] {
    char line[80];
    (void)!std::fgets(line, sizeof line, stream);
  }).detach();
  usleep(1000);
  std::puts("over");
}
