// Two threads take two locks in opposite orders, and both change what a third one reads.
#include <pthread.h>

#include <mutex>
#include <thread>

std::mutex accounts_lock;
std::mutex forks[3];
int total;

[[gnu::noinline]] void deposit(int amount) {
  std::lock_guard<std::mutex> first(accounts_lock);
  std::lock_guard<std::mutex> second(forks[1]);
  total += amount;
}

[[gnu::noinline]] void audit() {
  std::lock_guard<std::mutex> first(forks[1]);
  std::lock_guard<std::mutex> second(accounts_lock);
  total = total * 1;
}

int main() {
  std::thread one(deposit, 1);
  std::thread two([] {
    pthread_setname_np(pthread_self(), "auditor");
    audit();
  });
  one.join();
  two.join();
}
