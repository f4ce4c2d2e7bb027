// Peterson's lock: first say that you want to enter, then give way.
// clean
#include <atomic>
#include <cassert>
#include <thread>

std::atomic<bool> wants[2];
std::atomic<int> turn{0};
std::atomic<int> inside{0};

void work(int me) {
  const int other = 1 - me;
  wants[me] = true;
  turn = other;
  while (wants[other] && turn == other) {
  }
  assert(++inside == 1);
  --inside;
  wants[me] = false;
}

int main() {
  std::thread one(work, 0), two(work, 1);
  one.join();
  two.join();
}
