// Check, then act: each withdrawal looks whether there is enough, under the lock, and takes it
// later, under the lock again.
//   one: enough? yes                  one: take 70
//            two: enough? yes, take 70
// finds: assertion assert in main
#include <cassert>
#include <mutex>
#include <thread>

class Account {
 public:
  bool has(int amount) {
    std::lock_guard<std::mutex> lock(m_);
    return balance_ >= amount;
  }
  void take(int amount) {
    std::lock_guard<std::mutex> lock(m_);
    balance_ -= amount;
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

void withdraw() {
  if (account.has(70)) account.take(70);
}

int main() {
  std::thread one(withdraw), two(withdraw);
  one.join();
  two.join();
  assert(account.balance() >= 0);
}
