// The same with time-outs.
// clean
#include <cassert>
#include <chrono>
#include <mutex>
#include <shared_mutex>
#include <thread>

int main() {
  std::shared_timed_mutex m;
  int value = 0;
  std::jthread writer([&] {
    if (!m.try_lock_for(std::chrono::milliseconds(3))) return;
    ++value;
    m.unlock();
  });
  std::jthread reader([&] {
    if (!m.try_lock_shared_until(std::chrono::steady_clock::now() + std::chrono::milliseconds(3)))
      return;
    assert(value <= 1);
    m.unlock_shared();
  });
  std::unique_lock<std::shared_timed_mutex> lock(m);
}
