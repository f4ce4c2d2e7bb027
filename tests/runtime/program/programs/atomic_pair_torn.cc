// A pointer with a tag that is read as a whole and written blindly: an update is lost.
// finds: assertion assert in main
#include <atomic>
#include <cassert>
#include <cstdint>
#include <thread>

struct alignas(16) Tagged {
  std::uint64_t value, tag;
};
std::atomic<Tagged> shared{Tagged{0, 0}};

void add() {
  const Tagged seen = shared.load();
  shared.store({seen.value + 1, seen.tag + 1});
}

int main() {
  std::thread first(add), second(add);
  first.join();
  second.join();
  assert(shared.load().value == 2);
}
