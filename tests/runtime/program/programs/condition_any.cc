// A condition variable for any lock, here one that is shared.
// clean
#include <cassert>
#include <condition_variable>
#include <mutex>
#include <shared_mutex>
#include <thread>

int main() {
  std::shared_mutex m;
  std::condition_variable_any changed;
  int stage = 0;
  auto wait = [&] {
    std::shared_lock<std::shared_mutex> lock(m);
    changed.wait(lock, [&] { return stage == 1; });
  };
  std::jthread a(wait), b(wait);
  {
    std::unique_lock<std::shared_mutex> lock(m);
    stage = 1;
  }
  changed.notify_all();
}
