// One thread counts for ever, and another one waits for it.
#include <atomic>
#include <thread>

std::atomic<long> turns{0};

void count() {
  for (;;) turns.fetch_add(1, std::memory_order_relaxed);
}

int main() { std::thread(count).join(); }
