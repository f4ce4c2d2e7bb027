// Detached threads end by themselves, and main waits for them by a condition.
// clean
#include <cassert>
#include <condition_variable>
#include <mutex>
#include <thread>

std::mutex m;
std::condition_variable changed;
int left = 2;

void work() {
  std::lock_guard<std::mutex> lock(m);
  --left;
  changed.notify_one();
}

int main() {
  std::thread(work).detach();
  std::thread(work).detach();
  std::unique_lock<std::mutex> lock(m);
  changed.wait(lock, [] { return left == 0; });
}
