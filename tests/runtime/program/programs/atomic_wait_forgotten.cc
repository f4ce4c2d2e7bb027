// The value is set, but nobody is notified.
// finds: deadlock
#include <atomic>
#include <thread>

std::atomic<int> word{0}, work{0};

int main() {
  std::thread waiter([] { word.wait(0); });
  for (int i = 0; i < 30; ++i) ++work;  // The library looks some times before it sleeps.
  word = 1;
  waiter.join();
}
