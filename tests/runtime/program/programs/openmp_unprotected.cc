// Threads of OpenMP that add to one variable with nothing between them.
// finds: assertion assert in main
#include <cassert>

int main() {
  int count = 0;
#pragma omp parallel num_threads(2)
  for (int i = 0; i < 2; ++i) ++count;
  assert(count == 4);
  return 0;
}
