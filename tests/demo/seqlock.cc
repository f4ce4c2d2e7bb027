// Sequence lock: the writer counts only after it has written, so that a reader that comes between
// its two writes sees the same number before and after.
//   writer: left = 1                                          writer: right = 1, count
//                     reader: number 0; left 1, right 0; number 0
// finds: assertion assert in get
#include <atomic>
#include <cassert>
#include <thread>

std::atomic<unsigned> number{0};
std::atomic<int> left{0}, right{0};

void put() {
  left = 1;
  right = 1;
  number += 2;
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
