// clean
#include <cassert>
#include <mutex>
#include <thread>

int balance = 0;
std::mutex m;

void deposit(int amount) {
  std::lock_guard<std::mutex> lock(m);
  balance += amount;
}

int main() {
  std::thread a([] { deposit(1); });
  std::thread b([] { deposit(2); });
  a.join();
  b.join();
  assert(balance == 3);
}
