// It looks again, however often it is woken.
// options: spurious
// clean
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
    changed.wait(lock, [] { return ready; });
    assert(ready);
  }
  other.join();
}
