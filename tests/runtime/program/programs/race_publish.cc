// A flag that says that the payload is there, without an order: the assertion holds in every
// interleaving, but nothing makes another thread see the payload.
// finds: race read in reader, write in writer
#include <atomic>
#include <cassert>
#include <thread>

int payload = 0;
std::atomic<bool> ready{false};

void writer() {
  payload = 42;
  ready.store(true, std::memory_order_relaxed);
}
void reader() {
  while (!ready.load(std::memory_order_acquire)) {
  }
  assert(payload == 42);
}

int main() {
  std::thread a(writer), b(reader);
  a.join();
  b.join();
}
