// A FILE and a stream of C++ on a pipe: libc reads inside, where no function can be stood in for.
// clean
#include <unistd.h>
#include <cassert>
#include <cstdio>
#include <cstring>
#include <thread>

int main() {
  int ends[2];
  assert(pipe(ends) == 0);
  FILE* const in = fdopen(ends[0], "r");
  FILE* const out = fdopen(ends[1], "w");
  std::thread writer([&] {
    for (int i = 0; i < 3; ++i) {
      fprintf(out, "line %d\n", i);
      fflush(out);
    }
    fclose(out);
  });
  char line[32];
  int lines = 0;
  while (fgets(line, sizeof line, in) != nullptr) {
    char expected[32];
    snprintf(expected, sizeof expected, "line %d\n", lines++);
    assert(strcmp(line, expected) == 0);
  }
  assert(lines == 3);
  fclose(in);
  writer.join();
}
