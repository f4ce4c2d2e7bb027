// Two deposits read the balance under the lock, and write it under the lock, but not at once.
// finds: assertion assert in main
#include <cassert>
#include <mutex>
#include <thread>

int balance = 0;
std::mutex m;

void deposit(int amount) {
  int seen = 0;
  {
    std::lock_guard<std::mutex> lock(m);
    seen = balance;
  }
  std::lock_guard<std::mutex> lock(m);
  balance = seen + amount;
}

int main() {
  std::thread a([] { deposit(1); });
  std::thread b([] { deposit(2); });
  a.join();
  b.join();
  assert(balance == 3);
}
