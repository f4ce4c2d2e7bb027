// A flag is set without the lock between a worker's look at it and its waiting: the notification is
// lost, and the worker sleeps for ever. Before that both do much else.
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

std::mutex mutex;
std::condition_variable wake;
std::atomic<bool> stopping;
int work, done;

void run() {
  std::unique_lock lock(mutex);
  while (!stopping) {
    wake.wait(lock, [] { return stopping || work > 0; });
    for (; work > 0; --work) ++done;
    for (int i = 0; i < 4; ++i) done += work;
  }
}

void add() {
  const std::lock_guard lock(mutex);
  ++work;
  wake.notify_one();
}

int main() {
  std::thread worker(run);
  for (int i = 0; i < 4; ++i) add();
  stopping = true;
  wake.notify_one();
  worker.join();
}
