// Every thread has its own, made at first use and destroyed at its end, in the reverse order.
// clean
#include <atomic>
#include <cassert>
#include <string>
#include <thread>

std::atomic<int> made{0}, destroyed{0};

struct Counted {
  Counted() { ++made; }
  ~Counted() {
    ++destroyed;
    assert(name.size() == 8);
  }
  std::string name = "a string";
};
thread_local Counted counted;
thread_local int plain = 3;

int main() {
  auto use = [] {
    assert(plain == 3);
    plain = 4;
    assert(counted.name == "a string");
    std::this_thread::yield();
    assert(plain == 4);
  };
  std::thread a(use), b(use);
  use();
  a.join();
  b.join();
  assert(made == 3 && destroyed == 2);
}
