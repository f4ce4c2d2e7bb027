// A notification comes too early, and the wait for it ends at the end of time.
// finds: deadlock
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

std::mutex lock;
std::condition_variable changed;

int main() {
  std::thread notifier([] { changed.notify_one(); });
  {
    std::unique_lock held(lock);
    changed.wait_until(held, std::chrono::steady_clock::time_point::max());
  }
  notifier.join();
}
