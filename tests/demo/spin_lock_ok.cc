// Spin lock, corrected: an exchange looks and takes at once.
// clean
#include <atomic>
#include <cassert>
#include <thread>

std::atomic<bool> held{false};
std::atomic<int> inside{0};

void work() {
  while (held.exchange(true)) {
  }
  assert(++inside == 1);
  --inside;
  held = false;
}

int main() {
  std::thread one(work), two(work);
  one.join();
  two.join();
}
