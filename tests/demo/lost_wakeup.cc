// Lost wake-up: the flag is looked at before the mutex is taken, so that the notification may come
// between the look and the wait, and is lost.
//   waiter: ready? no                              waiter: wait, for ever
//                     main: ready = true, notify
// finds: deadlock condition in wait_for_it, join in main
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

std::mutex m;
std::condition_variable changed;
std::atomic<bool> ready{false};

void wait_for_it() {
  if (ready) return;
  std::unique_lock<std::mutex> lock(m);
  changed.wait(lock);
}

int main() {
  std::thread waiter(wait_for_it);
  ready = true;
  changed.notify_one();
  waiter.join();
}
