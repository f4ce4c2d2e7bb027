// Threads of OpenMP wait by system calls of their own, which no function of libc stands for.
// clean
#include <cassert>

int main() {
  int count = 0;
  long sum = 0;
#pragma omp parallel num_threads(3)
  for (int i = 0; i < 3; ++i) {
#pragma omp critical
    ++count;
#pragma omp barrier
  }
#pragma omp parallel for num_threads(2) schedule(dynamic) reduction(+ : sum)
  for (int i = 0; i < 6; ++i) sum += i;
  assert(count == 9 && sum == 15);
  return 0;
}
