// Two threads add to one counter without a lock.
#include <cstdio>
#include <thread>

int counter = 0;

void add() { ++counter; }

int main() {
  std::thread a(add), b(add);
  a.join();
  b.join();
  if (counter == 2) return 0;
  std::fprintf(stderr, "the counter is %d\n", counter);
  return 1;
}
