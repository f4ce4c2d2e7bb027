// Token ring, corrected: each waits for its turn.
// clean
#include <atomic>
#include <cassert>
#include <thread>

std::atomic<int> place[4] = {1, 0, 0, 0};

void pass(int from) {
  while (place[from] == 0) {
  }
  place[from + 1] = place[from].load();
}

int main() {
  std::thread a(pass, 0), b(pass, 1), c(pass, 2);
  a.join();
  b.join();
  c.join();
  assert(place[3] == 1);
}
