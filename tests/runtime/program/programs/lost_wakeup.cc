// The flag is looked at without the lock, so that the notification may come before the wait.
// finds: deadlock
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

std::mutex m;
std::condition_variable changed;
std::atomic<bool> ready{false};

int main() {
  std::thread waiter([] {
    if (!ready) {
      std::unique_lock<std::mutex> lock(m);
      changed.wait(lock);
    }
  });
  ready = true;
  changed.notify_one();
  waiter.join();
}
