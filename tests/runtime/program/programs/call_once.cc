// std::call_once: one does it, all see it done; whoever throws leaves it to the next.
// clean
#include <atomic>
#include <cassert>
#include <mutex>
#include <stdexcept>
#include <thread>

int main() {
  std::once_flag flag;
  std::atomic<int> tries{0};
  int value = 0;
  auto use = [&] {
    try {
      std::call_once(flag, [&] {
        if (++tries == 1) throw std::runtime_error("not yet");
        value = 42;
      });
    } catch (const std::runtime_error&) {
      return;
    }
    assert(value == 42);
  };
  std::jthread a(use), b(use);
  use();
  use();
  assert(tries == 2 && value == 42);
}
