// Write under a read lock, corrected: whoever counts has the lock alone.
// clean
#include <atomic>
#include <cassert>
#include <mutex>
#include <shared_mutex>
#include <thread>

std::shared_mutex m;
std::atomic<int> hits{0};

void look_up() {
  std::unique_lock<std::shared_mutex> lock(m);
  hits = hits + 1;
}

int main() {
  std::thread one(look_up), two(look_up);
  one.join();
  two.join();
  assert(hits == 2);
}
