// Double-checked initialization: the pointer is there for all to see before the object is complete.
//   one: instance = object          one: object->value = 42
//            two: instance? yes; value is 0
// finds: assertion assert in use
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
      instance = new Settings;
      instance.load()->load();
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
