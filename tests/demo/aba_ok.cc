// ABA, corrected: the head has a count of changes beside it, so that it is never the same again.
// clean
#include <atomic>
#include <cassert>
#include <cstdint>
#include <thread>

constexpr std::uint32_t kNone = UINT32_MAX;
struct Head {
  std::uint32_t node = 0;
  std::uint32_t changes = 0;
};
std::atomic<Head> head{Head{}};
std::atomic<std::uint32_t> next[3] = {1, 2, kNone};
std::atomic<int> owners[3];

std::uint32_t pop() {
  Head first = head;
  while (first.node != kNone &&
         !head.compare_exchange_strong(first, {next[first.node], first.changes + 1})) {
  }
  return first.node;
}
void push(std::uint32_t node) {
  Head first = head;
  do {
    next[node] = first.node;
  } while (!head.compare_exchange_strong(first, {node, first.changes + 1}));
}

void pops_one() {
  const std::uint32_t node = pop();
  if (node != kNone) ++owners[node];
}
void pops_two() {
  const std::uint32_t a = pop();
  const std::uint32_t b = pop();
  if (b != kNone) ++owners[b];
  if (a != kNone) push(a);
}

int main() {
  std::thread one(pops_one), two(pops_two);
  one.join();
  two.join();
  const std::uint32_t last = pop();
  if (last != kNone) ++owners[last];
  for (const auto& count : owners) assert(count <= 1);
}
