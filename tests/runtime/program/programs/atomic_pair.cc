// A pointer with a tag, exchanged as a whole: 16 bytes that are one atomic.
// clean
#include <atomic>
#include <cassert>
#include <cstdint>
#include <thread>

struct alignas(16) Tagged {
  std::uint64_t value, tag;
};
std::atomic<Tagged> shared{Tagged{0, 0}};

void add() {
  Tagged seen = shared.load();
  while (!shared.compare_exchange_weak(seen, Tagged{seen.value + 1, seen.tag + 1})) {
  }
}

int main() {
  std::thread first(add), second(add);
  first.join();
  second.join();
  const Tagged last = shared.exchange({7, 7});
  assert(last.value == 2 && last.tag == 2);
  shared.store({1, 2});
  assert(shared.load().tag == 2);
}
