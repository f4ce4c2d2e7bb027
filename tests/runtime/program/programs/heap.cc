// Blocks of many sizes are made, grown, given back and made again, all of their bytes are used.
// clean
#include <cassert>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

void churn(int seed) {
  std::vector<std::unique_ptr<char[]>> kept;
  for (int i = 0; i < 12; ++i) {
    const std::size_t bytes = (seed * 37 + i * 101) % 700 + 1;
    kept.emplace_back(new char[bytes]);
    for (std::size_t at = 0; at < bytes; at += 9) kept.back()[at] = static_cast<char>(at);
    kept.back()[bytes - 1] = 1;
    if (i % 3 == 2) kept.erase(kept.begin() + i / 3);
  }
  auto* grown = static_cast<char*>(std::malloc(8));
  for (std::size_t bytes = 8; bytes < 3000; bytes *= 3) {
    grown = static_cast<char*>(std::realloc(grown, bytes));
    grown[bytes - 1] = 7;
  }
  void* aligned = nullptr;
  assert(posix_memalign(&aligned, 256, 100) == 0);
  static_cast<char*>(aligned)[99] = 3;
  std::free(aligned);
  std::free(grown);
}

int main() {
  std::thread first(churn, 1), second(churn, 2);
  churn(3);
  first.join();
  second.join();
}
