// Work-stealing deque: owner and thief both take the last element, because the owner, who sees that
// one is left, does not compete for it.
//   thief: top = 0, bottom = 1, element 0        thief: top 0 -> 1: it has element 0
//                                 owner: bottom = 0, top is 0: takes element 0
// finds: assertion assert in main
#include <atomic>
#include <cassert>
#include <thread>

std::atomic<int> top{0}, bottom{1};
std::atomic<int> taken{0};

void pop() {
  const int at = bottom - 1;
  bottom = at;
  if (top <= at) {
    ++taken;  // Also where top == at.
  } else {
    bottom = at + 1;
  }
}
void steal() {
  int at = top;
  if (at >= bottom) return;
  if (top.compare_exchange_strong(at, at + 1)) ++taken;
}

int main() {
  std::thread owner(pop), thief(steal);
  owner.join();
  thief.join();
  assert(taken == 1);
}
