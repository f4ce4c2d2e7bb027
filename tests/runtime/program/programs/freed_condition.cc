// Whoever waited goes on and takes the condition away while the other one still notifies it.
// finds: crash use after free in
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

struct Event {
  std::mutex mutex;
  std::condition_variable condition;
  bool happened = false;
  void wait() {
    std::unique_lock lock(mutex);
    condition.wait(lock, [this] { return happened; });
  }
  void happen() {
    {
      const std::lock_guard lock(mutex);
      happened = true;
    }
    condition.notify_all();
  }
};

int main() {
  auto event = std::make_unique<Event>();
  std::thread other([same = event.get()] { same->happen(); });
  event->wait();
  event.reset();
  other.join();
}
