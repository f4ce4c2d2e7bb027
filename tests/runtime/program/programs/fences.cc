// A flag and a payload, ordered by fences; and two flags of which at least one is seen.
// clean
#include <atomic>
#include <cassert>
#include <thread>

std::atomic<int> payload{0}, flag{0}, x{0}, y{0};

int main() {
  std::thread writer([] {
    payload.store(7, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_release);
    flag.store(1, std::memory_order_relaxed);
  });
  if (flag.load(std::memory_order_relaxed) == 1) {
    std::atomic_thread_fence(std::memory_order_acquire);
    assert(payload.load(std::memory_order_relaxed) == 7);
  }
  writer.join();
  int saw_x = 0, saw_y = 0;
  std::thread one([&] {
    x.store(1, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    saw_y = y.load(std::memory_order_relaxed);
  });
  y.store(1, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  saw_x = x.load(std::memory_order_relaxed);
  one.join();
  assert(saw_x + saw_y >= 1);
  std::atomic_signal_fence(std::memory_order_seq_cst);
}
