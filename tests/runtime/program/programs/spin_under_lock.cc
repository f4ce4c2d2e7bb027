// A thread asks again and again, under the mutex, for what another one can only do with it after it
// was told to; nobody tells it.
// finds: livelock
#include <condition_variable>
#include <mutex>
#include <thread>

std::mutex m;
std::condition_variable told;
bool go = false, done = false;

int main() {
  std::thread worker([] {
    std::unique_lock<std::mutex> lock(m);
    told.wait(lock, [] { return go; });
    done = true;
  });
  while (true) {
    std::lock_guard<std::mutex> lock(m);
    if (done) break;
  }
  worker.join();
}
