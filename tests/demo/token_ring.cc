// Token ring: each thread passes on what it finds at its left, once; if they do not run in order
// the token does not come round.
//   second: takes 0 from the first   first: passes 1   main: the last one has 0
// finds: assertion assert in main
#include <atomic>
#include <cassert>
#include <thread>

std::atomic<int> place[4] = {1, 0, 0, 0};

void pass(int from) { place[from + 1] = place[from].load(); }

int main() {
  std::thread a(pass, 0), b(pass, 1), c(pass, 2);
  a.join();
  b.join();
  c.join();
  assert(place[3] == 1);
}
