// Check, then act, corrected: both under one lock.
// clean
#include <cassert>
#include <mutex>
#include <thread>

class Account {
 public:
  bool try_take(int amount) {
    std::lock_guard<std::mutex> lock(m_);
    if (balance_ < amount) return false;
    balance_ -= amount;
    return true;
  }
  int balance() {
    std::lock_guard<std::mutex> lock(m_);
    return balance_;
  }

 private:
  std::mutex m_;
  int balance_ = 100;
};
Account account;

void withdraw() { account.try_take(70); }

int main() {
  std::thread one(withdraw), two(withdraw);
  one.join();
  two.join();
  assert(account.balance() >= 0);
}
