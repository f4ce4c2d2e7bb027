// Readers share the lock, a writer has it alone.
// clean
#include <atomic>
#include <cassert>
#include <mutex>
#include <shared_mutex>
#include <thread>

int main() {
  std::shared_mutex m;
  int value = 0;
  std::atomic<int> readers{0};
  auto read = [&] {
    std::shared_lock<std::shared_mutex> lock(m);
    ++readers;
    const int seen = value;
    assert(seen == value);
    --readers;
  };
  std::jthread a(read), b(read);
  {
    std::unique_lock<std::shared_mutex> lock(m);
    assert(readers == 0);
    ++value;
  }
  if (m.try_lock_shared()) m.unlock_shared();
  if (m.try_lock()) m.unlock();
}
