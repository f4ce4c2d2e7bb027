// Bounded buffer, corrected: a condition for each sort.
// clean
#include <condition_variable>
#include <mutex>
#include <thread>

std::mutex m;
std::condition_variable room, items;
int filled = 0;

void produce() {
  for (int i = 0; i < 2; ++i) {
    std::unique_lock<std::mutex> lock(m);
    room.wait(lock, [] { return filled == 0; });
    ++filled;
    items.notify_one();
  }
}
void consume() {
  std::unique_lock<std::mutex> lock(m);
  items.wait(lock, [] { return filled == 1; });
  --filled;
  room.notify_one();
}

int main() {
  std::thread a(consume), b(consume), c(produce);
  a.join();
  b.join();
  c.join();
}
