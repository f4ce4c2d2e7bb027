// A reader takes a count that is set before what it counts: it walks off the end of the heap.
// finds: crash heap buffer overflow in sum
// options: no-races
#include <atomic>
#include <memory>
#include <thread>

std::unique_ptr<long[]> places(new long[4]());
std::atomic<long> used{4};
long total = 0;

void sum() {
  for (long i = 0; i < used; ++i) total += places[i];
}

int main() {
  std::thread reader(sum);
  used = 10'000;
  places.reset(new long[10'000]());
  reader.join();
}
