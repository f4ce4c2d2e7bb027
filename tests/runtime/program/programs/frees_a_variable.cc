// A variable is given to free(), by a thread that takes it for what it allocated.
// finds: crash double free in give_back
#include <atomic>
#include <cstdlib>
#include <thread>

char spare[64];
std::atomic<char*> buffer{spare};

void give_back() {
  char* const mine = buffer.exchange(spare);
  std::free(mine);
}

int main() {
  buffer = static_cast<char*>(std::malloc(64));
  std::thread first(give_back), second([] {
    if (buffer.load() == spare) buffer = nullptr;
    give_back();
  });
  first.join();
  second.join();
}
