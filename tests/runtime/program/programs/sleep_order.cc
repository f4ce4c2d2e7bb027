// A sleep is taken for an order: that 50 ms are enough for the other thread is only likely.
// finds: assertion assert in main
#include <atomic>
#include <cassert>
#include <chrono>
#include <thread>

std::atomic<bool> ready{false};

int main() {
  std::thread worker([] { ready = true; });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  assert(ready);
  worker.join();
}
