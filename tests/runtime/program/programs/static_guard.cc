// A function's static object is made once, whoever comes first, and again where making it failed.
// clean
#include <atomic>
#include <cassert>
#include <stdexcept>
#include <string>
#include <thread>

std::atomic<int> tries{0};

struct Expensive {
  Expensive() {
    std::this_thread::yield();
    if (++tries == 1) throw std::runtime_error("the first time fails");
    text = "made";
  }
  std::string text;
};

const Expensive& only() {
  static Expensive object;
  return object;
}

int main() {
  auto use = [] {
    while (true) {
      try {
        assert(only().text == "made");
        return;
      } catch (const std::runtime_error&) {
      }
    }
  };
  std::thread a(use), b(use);
  use();
  a.join();
  b.join();
  assert(tries == 2);
}
