// Spin lock: it looks whether the lock is free and then takes it, which are two steps.
//   one: free? yes              one: takes it
//            two: free? yes, takes it: both are inside
// finds: assertion assert in work
#include <atomic>
#include <cassert>
#include <thread>

std::atomic<bool> held{false};
std::atomic<int> inside{0};

void work() {
  while (held) {
  }
  held = true;
  assert(++inside == 1);
  --inside;
  held = false;
}

int main() {
  std::thread one(work), two(work);
  one.join();
  two.join();
}
