// Sequence lock, corrected: the number is odd while the writer is at it.
// clean
#include <atomic>
#include <cassert>
#include <thread>

std::atomic<unsigned> number{0};
std::atomic<int> left{0}, right{0};

void put() {
  ++number;
  left = 1;
  right = 1;
  ++number;
}
void get() {
  while (true) {
    const unsigned before = number;
    const int l = left, r = right;
    if (before % 2 != 0 || number != before) continue;
    assert(l == r);
    return;
  }
}

int main() {
  std::thread writer(put), reader(get);
  writer.join();
  reader.join();
}
