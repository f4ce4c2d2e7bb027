// It waits without looking again at what it waits for.
// options: spurious
// finds: assertion assert in main
#include <cassert>
#include <condition_variable>
#include <mutex>
#include <thread>

std::mutex m;
std::condition_variable changed;
bool ready = false;

int main() {
  std::thread other([] {
    std::lock_guard<std::mutex> lock(m);
    ready = true;
    changed.notify_one();
  });
  {
    std::unique_lock<std::mutex> lock(m);
    if (!ready) changed.wait(lock);
    assert(ready);
  }
  other.join();
}
