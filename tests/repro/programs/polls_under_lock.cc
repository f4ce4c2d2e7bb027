// main asks again and again for what another thread does under the same lock. Who lets main go on
// for ever never sees the end of it.
#include <mutex>
#include <thread>

std::mutex lock;
bool done = false;

bool is_done() {
  const std::scoped_lock guard(lock);
  return done;
}

void work() {
  const std::scoped_lock guard(lock);
  done = true;
}

int main() {
  std::thread worker(work);
  while (!is_done()) {
  }
  worker.join();
}
