// Work-stealing deque, corrected: for the last element the owner competes as a thief does (Chase
// and Lev).
// clean
#include <atomic>
#include <cassert>
#include <thread>

std::atomic<int> top{0}, bottom{1};
std::atomic<int> taken{0};

void pop() {
  const int at = bottom - 1;
  bottom = at;
  int first = top;
  if (first < at) {
    ++taken;
    return;
  }
  if (first == at && top.compare_exchange_strong(first, first + 1)) ++taken;
  bottom = at + 1;
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
