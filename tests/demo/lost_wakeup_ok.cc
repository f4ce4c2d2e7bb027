// Lost wake-up, corrected: the flag changes under the mutex, and is looked at under it.
// clean
#include <condition_variable>
#include <mutex>
#include <thread>

std::mutex m;
std::condition_variable changed;
bool ready = false;

void wait_for_it() {
  std::unique_lock<std::mutex> lock(m);
  changed.wait(lock, [] { return ready; });
}

int main() {
  std::thread waiter(wait_for_it);
  {
    std::lock_guard<std::mutex> lock(m);
    ready = true;
  }
  changed.notify_one();
  waiter.join();
}
