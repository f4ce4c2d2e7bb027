// Two threads both think that they are the last, and both free.
// finds: crash double free in drop
#include <atomic>
#include <cstdlib>
#include <thread>

std::atomic<int> users{2};
void* block = std::malloc(16);

void drop() {
  --users;
  if (users == 0) std::free(block);
}

int main() {
  std::thread a(drop), b(drop);
  a.join();
  b.join();
}
