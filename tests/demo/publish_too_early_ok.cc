// Publish too early, corrected: first the slot, then the index.
// clean
#include <atomic>
#include <cassert>
#include <thread>

std::atomic<int> slot{0}, written{0};

void put() {
  slot = 7;
  ++written;
}
void get() {
  if (written > 0) assert(slot == 7);
}

int main() {
  std::thread writer(put), reader(get);
  writer.join();
  reader.join();
}
