// The value is set, but nobody is notified.
// finds: deadlock
#include <atomic>
#include <mutex>
#include <thread>

std::atomic<int> word{0};
std::mutex mutex;

int main() {
  std::thread waiter([] { word.wait(0); });
  // The library looks some times before it sleeps. A lock is seen under AddressSanitizer, too,
  // where an atomic is not.
  for (int i = 0; i < 30; ++i) std::lock_guard<std::mutex>{mutex};
  word = 1;
  waiter.join();
}
