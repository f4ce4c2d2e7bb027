// Semaphore under a mutex, corrected: the item is waited for before the mutex is taken.
// clean
#include <mutex>
#include <semaphore>
#include <thread>

std::mutex m;
std::counting_semaphore<8> items(0);
int stored = 0;

void consume() {
  items.acquire();
  std::lock_guard<std::mutex> lock(m);
  --stored;
}
void produce() {
  {
    std::lock_guard<std::mutex> lock(m);
    ++stored;
  }
  items.release();
}

int main() {
  std::thread consumer(consume), producer(produce);
  consumer.join();
  producer.join();
}
