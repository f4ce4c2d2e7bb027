// Reorder, corrected: the two values are one.
// clean
#include <atomic>
#include <cassert>
#include <thread>

struct Pair {
  int a = 0, b = 0;
};
std::atomic<Pair> pair{Pair{}};

void set() { pair = Pair{1, -1}; }
void check() {
  const Pair seen = pair;
  assert((seen.a == 0 && seen.b == 0) || (seen.a == 1 && seen.b == -1));
}

int main() {
  std::thread one(set), two(set), checker(check);
  one.join();
  two.join();
  checker.join();
}
