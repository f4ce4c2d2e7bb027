// Double-checked initialization, corrected: the pointer is published when the object is complete.
// clean
#include <atomic>
#include <cassert>
#include <mutex>
#include <thread>

struct Settings {
  std::atomic<int> value{0};
  void load() { value = 42; }
};
std::mutex m;
std::atomic<Settings*> instance{nullptr};

Settings& settings() {
  if (instance == nullptr) {
    std::lock_guard<std::mutex> lock(m);
    if (instance == nullptr) {
      auto* const made = new Settings;
      made->load();
      instance = made;
    }
  }
  return *instance;
}

void use() { assert(settings().value == 42); }

int main() {
  std::thread one(use), two(use);
  one.join();
  two.join();
}
