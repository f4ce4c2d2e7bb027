// If instead of while, corrected.
// clean
#include <cassert>
#include <condition_variable>
#include <mutex>
#include <thread>

std::mutex m;
std::condition_variable changed;
int items = 0;

void produce() {
  std::lock_guard<std::mutex> lock(m);
  ++items;
  changed.notify_one();
}
void consume() {
  std::unique_lock<std::mutex> lock(m);
  while (items == 0) changed.wait(lock);
  assert(items > 0);
  --items;
}

int main() {
  std::thread slow(consume), quick(consume), one(produce), two(produce);
  slow.join();
  quick.join();
  one.join();
  two.join();
}
