// Lost update, corrected: one operation reads and writes.
// clean
#include <atomic>
#include <cassert>
#include <thread>

std::atomic<int> balance{0};

void deposit(int amount) { balance += amount; }

int main() {
  std::thread one(deposit, 10), two(deposit, 20);
  one.join();
  two.join();
  assert(balance == 30);
}
