// Shutdown of a pool: the flag is set without the mutex, so that it may come, with its
// notification, between a worker's look at it and the worker's wait.
//   worker: stop? no                                  worker: wait, for ever
//                     main: stop = true, notify_all
// finds: deadlock condition in work, join in main
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

std::mutex m;
std::condition_variable changed;
std::atomic<bool> stop{false};
int jobs = 1;

void work() {
  while (true) {
    std::unique_lock<std::mutex> lock(m);
    while (!stop && jobs == 0) changed.wait(lock);
    if (jobs == 0) return;
    --jobs;
  }
}

int main() {
  std::thread worker(work);
  stop = true;
  changed.notify_all();
  worker.join();
}
