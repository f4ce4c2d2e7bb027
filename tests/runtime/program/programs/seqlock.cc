// A sequence lock: a reader that meets a writer reads again.
// clean
#include <atomic>
#include <cassert>
#include <thread>

std::atomic<unsigned> sequence{0};
std::atomic<int> left{0}, right{0};

int main() {
  std::thread writer([] {
    for (int i = 1; i <= 2; ++i) {
      sequence.fetch_add(1, std::memory_order_acquire);
      left.store(i, std::memory_order_relaxed);
      right.store(-i, std::memory_order_relaxed);
      sequence.fetch_add(1, std::memory_order_release);
    }
  });
  while (true) {
    const unsigned before = sequence.load(std::memory_order_acquire);
    const int l = left.load(std::memory_order_relaxed), r = right.load(std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_acquire);
    if (before % 2 != 0 || sequence.load(std::memory_order_relaxed) != before) continue;
    assert(l == -r);
    break;
  }
  writer.join();
}
