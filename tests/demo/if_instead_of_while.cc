// If instead of while: a consumer that was notified takes it for granted that there is an item; a
// second consumer, which did not wait, took it meanwhile.
//   slow: empty, waits   producer: puts one, notifies   quick: takes it   slow: takes another one
// finds: assertion assert in consume
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
  if (items == 0) changed.wait(lock);
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
