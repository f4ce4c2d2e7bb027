// Memory that a program maps and forgets is taken away, and its addresses repeat.
// clean
#include <sys/mman.h>

#include <cassert>
#include <thread>

int main() {
  void* mapped[2];
  const auto map = [&](int i) {
    mapped[i] = mmap(nullptr, 64 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert(mapped[i] != MAP_FAILED);
    auto* const word = static_cast<int*>(mapped[i]);
    assert(*word == 0);
    *word = i + 1;
  };
  std::thread other(map, 1);
  map(0);
  other.join();
  assert(*static_cast<int*>(mapped[0]) == 1 && *static_cast<int*>(mapped[1]) == 2);
  mapped[0] = mremap(mapped[0], 64 << 20, 128 << 20, MREMAP_MAYMOVE);
  assert(*static_cast<int*>(mapped[0]) == 1);
  assert(munmap(mapped[1], 64 << 20) == 0);
}
