// More threads wait at one condition than a question can tell apart.
// clean
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

std::mutex lock;
std::condition_variable changed;
int free_places = 0;

int main() {
  std::vector<std::thread> threads;
  for (int i = 0; i < 300; ++i) {
    threads.emplace_back([] {
      std::unique_lock held(lock);
      changed.wait(held, [] { return free_places > 0; });
      --free_places;
    });
  }
  for (int i = 0; i < 300; ++i) {
    const std::lock_guard held(lock);
    ++free_places;
    changed.notify_one();
  }
  for (std::thread& thread : threads) thread.join();
}
