// A latch that three threads count down.
// clean
#include <atomic>
#include <cassert>
#include <latch>
#include <thread>

int main() {
  std::latch ready(3), go(1);
  std::atomic<int> done{0};
  auto work = [&] {
    ready.count_down();
    go.wait();
    ++done;
  };
  std::jthread a(work), b(work);
  ready.arrive_and_wait();
  assert(done == 0);
  assert(ready.try_wait());
  go.count_down();
}
