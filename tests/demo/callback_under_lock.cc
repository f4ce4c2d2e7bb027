// Callback under a lock: a listener that is called with the mutex held unsubscribes, for which it
// needs that mutex, if it was told to in the meantime.
//   publisher: lock, call listener: tired? -> unsubscribe: lock? waits for itself
// finds: deadlock mutex in
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
  std::lock_guard<std::mutex> lock(m);
  if (listener) listener();
}

int main() {
  listener = [] {
    if (tired) unsubscribe();
  };
  std::thread publisher(publish);
  tired = true;
  publisher.join();
}
