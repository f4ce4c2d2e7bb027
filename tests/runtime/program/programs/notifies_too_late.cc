// Who waits has the condition on its stack, and goes when the flag is set; who sets it notifies it
// afterwards.
// finds: assertion use of a destroyed condition variable in signal
#include <condition_variable>
#include <mutex>
#include <thread>

struct Event {
  std::mutex mutex;
  std::condition_variable changed;
  bool set = false;
};

std::thread signaller;

void signal(Event& event) {
  {
    std::lock_guard<std::mutex> lock(event.mutex);
    event.set = true;
  }
  event.changed.notify_one();
}

[[gnu::noinline]] void call() {
  Event event;
  signaller = std::thread([&event] { signal(event); });
  std::unique_lock<std::mutex> lock(event.mutex);
  event.changed.wait(lock, [&] { return event.set; });
}

int main() {
  call();
  signaller.join();
}
