// Lost update: each deposit is a read and a write, and between them somebody else may write.
//   one: read 0          one: write 10
//            two: read 0, write 20
// finds: assertion assert in main
#include <atomic>
#include <cassert>
#include <thread>

std::atomic<int> balance{0};

void deposit(int amount) { balance = balance + amount; }

int main() {
  std::thread one(deposit, 10), two(deposit, 20);
  one.join();
  two.join();
  assert(balance == 30);
}
