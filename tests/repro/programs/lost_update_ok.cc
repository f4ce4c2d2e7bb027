// Two threads add to one counter under a lock.
#include <mutex>
#include <thread>

int counter = 0;
std::mutex mutex;

void add() {
  const std::lock_guard<std::mutex> lock(mutex);
  ++counter;
}

int main() {
  std::thread a(add), b(add);
  a.join();
  b.join();
  return counter == 2 ? 0 : 1;
}
