// Write under a read lock: readers share the lock, and one of them counts.
//   one: reads 0             one: writes 1
//            two: reads 0, writes 1
// finds: assertion assert in main
#include <atomic>
#include <cassert>
#include <shared_mutex>
#include <thread>

std::shared_mutex m;
std::atomic<int> hits{0};

void look_up() {
  std::shared_lock<std::shared_mutex> lock(m);
  hits = hits + 1;
}

int main() {
  std::thread one(look_up), two(look_up);
  one.join();
  two.join();
  assert(hits == 2);
}
