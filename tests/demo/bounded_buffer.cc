// Bounded buffer: producers and consumers wait at one condition, and each step notifies one of all
// who wait. It may be the wrong sort, which goes back to sleep, and nobody is left to notify.
//   consumer, consumer: wait   producer: put, notify   producer: full, wait
//   consumer: get, notify -> the other consumer: empty, wait for ever; so does the producer
// finds: deadlock
#include <condition_variable>
#include <mutex>
#include <thread>

std::mutex m;
std::condition_variable changed;
int filled = 0;  // Of one place.

void produce() {
  for (int i = 0; i < 2; ++i) {
    std::unique_lock<std::mutex> lock(m);
    changed.wait(lock, [] { return filled == 0; });
    ++filled;
    changed.notify_one();
  }
}
void consume() {
  std::unique_lock<std::mutex> lock(m);
  changed.wait(lock, [] { return filled == 1; });
  --filled;
  changed.notify_one();
}

int main() {
  std::thread a(consume), b(consume), c(produce);
  a.join();
  b.join();
  c.join();
}
