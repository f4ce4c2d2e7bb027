// Reorder: two values belong together, and who reads may come between the writes of one and of the
// other.
//   setter: a = 1              setter: b = -1
//                 checker: a = 1, b = 0
// finds: assertion assert in check
#include <atomic>
#include <cassert>
#include <thread>

std::atomic<int> a{0}, b{0};

void set() {
  a = 1;
  b = -1;
}
void check() {
  const int seen_a = a, seen_b = b;
  assert((seen_a == 0 && seen_b == 0) || (seen_a == 1 && seen_b == -1));
}

int main() {
  std::thread one(set), two(set), checker(check);
  one.join();
  two.join();
  checker.join();
}
