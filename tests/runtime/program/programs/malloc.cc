// The heap: every way to get memory, and a free in another thread; addresses repeat.
// clean
#include <cassert>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

struct alignas(128) Wide {
  char bytes[256];
};

int main() {
  char* text = static_cast<char*>(std::malloc(10));
  std::strcpy(text, "memory");
  std::thread other([text] {
    assert(std::strcmp(text, "memory") == 0);
    std::free(text);
  });
  auto wide = std::make_unique<Wide>();
  assert(reinterpret_cast<std::uintptr_t>(wide.get()) % 128 == 0);
  void* zero = std::calloc(100, 8);
  for (int i = 0; i < 800; ++i) assert(static_cast<char*>(zero)[i] == 0);
  zero = std::realloc(zero, 100'000);
  assert(zero != nullptr);
  std::free(zero);
  void* aligned = nullptr;
  assert(posix_memalign(&aligned, 4096, 1) == 0);
  std::free(aligned);
  std::map<int*, int> by_address;  // The order of addresses decides what follows.
  std::vector<std::unique_ptr<int>> numbers;
  for (int i = 0; i < 4; ++i) {
    numbers.push_back(std::make_unique<int>(i));
    by_address[numbers.back().get()] = i;
  }
  for (const auto& [address, i] : by_address) {
    if (i % 2 == 0) std::this_thread::yield();
  }
  other.join();
}
