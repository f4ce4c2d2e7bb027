// A barrier used in three rounds, with a completion function.
// clean
#include <atomic>
#include <barrier>
#include <cassert>
#include <thread>
#include <vector>

int main() {
  int rounds = 0;
  std::atomic<int> arrived{0};
  auto complete = [&]() noexcept {
    ++rounds;
    assert(arrived == 3 * rounds);
  };
  std::barrier barrier(3, complete);
  auto work = [&] {
    for (int i = 0; i < 3; ++i) {
      ++arrived;
      barrier.arrive_and_wait();
      assert(rounds >= i + 1);
    }
  };
  std::jthread a(work), b(work);
  work();
  assert(rounds == 3);
}
