// A mutex that static initialization locked is given back in main.
// clean
#include <mutex>
#include <thread>

std::mutex lock;
struct Locks {
  Locks() { lock.lock(); }
} locks;

int main() {
  std::thread other([] { const std::lock_guard held(lock); });
  lock.unlock();
  other.join();
}
