// Callback under a lock, corrected: the listener is copied under the lock and called without it.
// clean
#include <atomic>
#include <functional>
#include <mutex>
#include <thread>

std::mutex m;
std::function<void()> listener;
std::atomic<bool> tired{false};

void unsubscribe() {
  std::lock_guard<std::mutex> lock(m);
  listener = nullptr;
}
void publish() {
  std::function<void()> copy;
  {
    std::lock_guard<std::mutex> lock(m);
    copy = listener;
  }
  if (copy) copy();
}

int main() {
  listener = [] {
    if (tired) unsubscribe();
  };
  std::thread publisher(publish);
  tired = true;
  publisher.join();
}
