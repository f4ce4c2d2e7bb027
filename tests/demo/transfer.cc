// Transfer: money goes from one account to another under both locks, taken in the order of the
// arguments; two transfers in opposite directions wait for each other.
//   one: lock a   two: lock b   one: lock b?   two: lock a?
// finds: deadlock mutex in transfer
#include <mutex>
#include <thread>

struct Account {
  std::mutex m;
  int balance = 100;
};
Account a, b;

void transfer(Account* from, Account* to) {
  std::lock_guard<std::mutex> first(from->m);
  std::lock_guard<std::mutex> second(to->m);
  from->balance -= 10;
  to->balance += 10;
}

int main() {
  std::thread one(transfer, &a, &b), two(transfer, &b, &a);
  one.join();
  two.join();
}
