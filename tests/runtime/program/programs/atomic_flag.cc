// A spin lock made of an atomic_flag, with and without a look before the exchange.
// clean
#include <atomic>
#include <cassert>
#include <thread>

std::atomic_flag busy = ATOMIC_FLAG_INIT;
int value = 0;

void lock() {
  while (busy.test_and_set(std::memory_order_acquire)) {
  }
}
void lock_gently() {
  while (busy.test_and_set(std::memory_order_acquire)) {
    while (busy.test(std::memory_order_relaxed)) std::this_thread::yield();
  }
}
void unlock() { busy.clear(std::memory_order_release); }

int main() {
  std::thread a([] {
    for (int i = 0; i < 2; ++i) {
      lock();
      ++value;
      unlock();
    }
  });
  for (int i = 0; i < 2; ++i) {
    lock_gently();
    ++value;
    unlock();
  }
  a.join();
  assert(value == 4);
}
