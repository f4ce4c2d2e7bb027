// Shutdown of a pool, corrected: the flag is set under the mutex.
// clean
#include <condition_variable>
#include <mutex>
#include <thread>

std::mutex m;
std::condition_variable changed;
bool stop = false;
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
  {
    std::lock_guard<std::mutex> lock(m);
    stop = true;
  }
  changed.notify_all();
  worker.join();
}
