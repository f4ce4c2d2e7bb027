// A block is copied from by memcpy() after another thread may have freed it.
// finds: crash use after free in main
#include <cstdlib>
#include <cstring>
#include <thread>

char copy[256];
std::size_t bytes = 256;  // Not a constant: else the compiler makes no call.

int main() {
  auto* const block = static_cast<char*>(std::malloc(bytes));
  std::memset(block, 1, bytes);
  std::thread other([block] { std::free(block); });
  std::memcpy(copy, block, bytes);
  other.join();
}
