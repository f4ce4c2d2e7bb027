// A lock at the end, corrected: it is given back on every way out.
// clean
#include <atomic>
#include <mutex>
#include <thread>

std::mutex m;
std::atomic<bool> cancelled{false};

void work() {
  std::lock_guard<std::mutex> lock(m);
  if (cancelled) return;
}

int main() {
  std::thread worker(work);
  cancelled = true;
  worker.join();
}
