// Shared pointers are copied and dropped by several threads; the last one destroys the object.
// clean
#include <atomic>
#include <cassert>
#include <memory>
#include <thread>

std::atomic<int> destroyed{0};

struct Object {
  ~Object() { ++destroyed; }
  int value = 9;
};

int main() {
  auto shared = std::make_shared<Object>();
  std::weak_ptr<Object> weak = shared;
  std::atomic<std::shared_ptr<Object>> published{shared};
  std::thread a([copy = shared] { assert(copy->value == 9); });
  std::thread b([&weak] {
    if (auto locked = weak.lock()) assert(locked->value == 9);
  });
  std::thread c([&published] {
    if (auto loaded = published.load()) assert(loaded->value == 9);
  });
  shared.reset();
  published.store(nullptr);
  a.join();
  b.join();
  c.join();
  assert(destroyed == 1);
  assert(weak.expired());
}
