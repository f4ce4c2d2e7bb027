// Publish too early: in a ring of one writer and one reader the index is advanced before the slot
// is written.
//   writer: written = 1                       writer: slot = 7
//                        reader: 1 > 0: reads the slot: 0
// finds: assertion assert in get
#include <atomic>
#include <cassert>
#include <thread>

std::atomic<int> slot{0}, written{0};

void put() {
  ++written;
  slot = 7;
}
void get() {
  if (written > 0) assert(slot == 7);
}

int main() {
  std::thread writer(put), reader(get);
  writer.join();
  reader.join();
}
