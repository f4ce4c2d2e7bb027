// One element too many is filled before there is a second thread.
// finds: crash heap buffer overflow in main
#include <atomic>
#include <memory>
#include <thread>

std::unique_ptr<int[]> places(new int[4]);
std::atomic<int> turns{0};

int main() {
  for (int i = 0; i <= 4; ++i) places[i] = i;
  std::thread other([] { ++turns; });
  ++turns;
  other.join();
}
