// Two threads fill an array that has room for what one of them writes at a time.
// finds: crash heap buffer overflow in fill
#include <atomic>
#include <memory>
#include <thread>

std::unique_ptr<long[]> places(new long[4]);
std::atomic<int> used{0};

void fill() {
  for (int i = 0; i < 2; ++i) {
    if (used < 4) places[used++] = i;
  }
}

int main() {
  std::thread first(fill), second(fill), third(fill);
  first.join();
  second.join();
  third.join();
}
