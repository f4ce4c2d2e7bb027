// Variables that nobody wrote hold the same in each execution: what an earlier one left on a
// stack, or in memory from the heap, is gone. So a program that reads them fails again in a replay.
// clean
#include <cassert>
#include <cstdlib>
#include <mutex>
#include <thread>

namespace {

constexpr int kBytes = 8 << 10;

/// Far below what was called before in the same execution.
[[gnu::noinline]] void look_at_stack() {
  unsigned char fresh[kBytes];
  volatile unsigned char* const bytes = fresh;
  for (int i = 0; i < kBytes / 2; ++i) {
    assert(bytes[i] == 0);
    bytes[i] = 0xff;
  }
}

/// Leaves a gap on the stack to which nobody writes.
[[gnu::noinline]] void look_below_gap() {
  volatile unsigned char gap[20 << 10];
  gap[0] = 1;
  look_at_stack();
  assert(gap[0] == 1);
}

void look_at_heap() {
  constexpr int kBlock = 200;
  auto* const block = static_cast<volatile unsigned char*>(std::malloc(kBlock));
  for (int i = 0; i < kBlock; ++i) {
    assert(block[i] == 0);
    block[i] = 0xff;
  }
}

}  // namespace

int main() {
  std::mutex m;
  auto work = [&] {
    std::lock_guard lock(m);
    look_below_gap();
  };
  look_at_heap();
  std::thread a(work), b(work);
  look_at_stack();
  a.join();
  b.join();
}
