// The latch expects one more than ever come.
// finds: deadlock
#include <latch>
#include <thread>

int main() {
  std::latch ready(3);
  std::jthread a([&] { ready.count_down(); });
  ready.arrive_and_wait();
}
