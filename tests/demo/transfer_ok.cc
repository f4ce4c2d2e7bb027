// Transfer, corrected: both locks are taken at once.
// clean
#include <cassert>
#include <mutex>
#include <thread>

struct Account {
  std::mutex m;
  int balance = 100;
};
Account a, b;

void transfer(Account* from, Account* to) {
  std::scoped_lock both(from->m, to->m);
  from->balance -= 10;
  to->balance += 10;
}

int main() {
  std::thread one(transfer, &a, &b), two(transfer, &b, &a);
  one.join();
  two.join();
  assert(a.balance == 100 && b.balance == 100);
}
