// A table is filled by memset() and copied under a lock.
// clean
#include <cstring>
#include <mutex>
#include <thread>

char table[256], copy[256];
std::size_t bytes = 256;  // Not a constant: else the compiler makes no call.
std::mutex lock;

int main() {
  std::thread other([] {
    const std::lock_guard held(lock);
    std::memset(table, 1, bytes);
  });
  {
    const std::lock_guard held(lock);
    std::memcpy(copy, table, bytes);
  }
  other.join();
}
