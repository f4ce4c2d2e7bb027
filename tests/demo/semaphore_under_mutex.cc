// Semaphore under a mutex: who waits for an item holds the mutex that the producer needs.
//   consumer: lock, wait for an item    producer: lock? never
// finds: deadlock
#include <mutex>
#include <semaphore>
#include <thread>

std::mutex m;
std::counting_semaphore<8> items(0);
int stored = 0;

void consume() {
  std::lock_guard<std::mutex> lock(m);
  items.acquire();
  --stored;
}
void produce() {
  std::lock_guard<std::mutex> lock(m);
  ++stored;
  items.release();
}

int main() {
  std::thread consumer(consume), producer(produce);
  consumer.join();
  producer.join();
}
