// Peterson's lock with its first two steps exchanged: who gives way before it says that it wants to
// enter may find that nobody wants to.
//   one: turn = two                                one: wants; turn is one: enters
//                  two: turn = one, wants; one does not want: enters
// finds: assertion assert in work
#include <atomic>
#include <cassert>
#include <thread>

std::atomic<bool> wants[2];
std::atomic<int> turn{0};
std::atomic<int> inside{0};

void work(int me) {
  const int other = 1 - me;
  turn = other;
  wants[me] = true;
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
