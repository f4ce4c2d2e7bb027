// Boost.Lockfree's queue and spsc_queue, unmodified: two producers and a consumer on the one, one
// of each on the other. Nothing is lost, nothing comes twice, and what one producer gives comes in
// its order. Races are not looked for: nodes are made anew where others still read their numbers,
// which is meant.
// clean
// options: no-races
#include <boost/lockfree/queue.hpp>
#include <boost/lockfree/spsc_queue.hpp>
#include <cassert>
#include <thread>

namespace {

constexpr int kEach = 2;

void many_producers() {
  boost::lockfree::queue<int> queue(4);
  const auto produce = [&](int first) {
    for (int i = 0; i < kEach; ++i) assert(queue.push(first + i));
  };
  int next[2] = {0, 0}, got = 0;
  const auto take = [&](int value) {
    const int producer = value / 10, number = value % 10;
    assert(producer == 0 || producer == 1);
    assert(number == next[producer]++);
    ++got;
  };
  std::thread a(produce, 0), b(produce, 10), consumer([&] {
    int value = 0;
    for (int i = 0; i < 2 * kEach; ++i) {
      if (queue.pop(value)) take(value);
    }
  });
  a.join();
  b.join();
  consumer.join();
  int value = 0;
  while (queue.pop(value)) take(value);
  assert(got == 2 * kEach);
}

void one_producer() {
  boost::lockfree::spsc_queue<int, boost::lockfree::capacity<2>> queue;
  int got = 0, pushed = 0;
  std::thread producer([&] {
    for (int i = 0; i < 3; ++i) pushed += queue.push(pushed) ? 1 : 0;
  });
  int value = 0;
  for (int i = 0; i < 3; ++i) {
    if (queue.pop(value)) assert(value == got++);
  }
  producer.join();
  while (queue.pop(value)) assert(value == got++);
  assert(got == pushed);
}

}  // namespace

int main() {
  many_producers();
  one_producer();
}
