// A table is filled by memset() while another thread copies it: nothing orders the two.
// finds: race
#include <cstring>
#include <thread>

char table[256], copy[256];
std::size_t bytes = 256;  // Not a constant: else the compiler makes no call.

int main() {
  std::thread other([] { std::memset(table, 1, bytes); });
  std::memcpy(copy, table, bytes);
  other.join();
}
