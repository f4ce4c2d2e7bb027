// Two threads compute for long, each in memory of its own.
#include <thread>
#include <vector>

unsigned sums[2];

void compute(int me) {
  std::vector<unsigned> numbers(2'000, 1u);
  for (int round = 0; round < 50; ++round) {
    for (std::size_t i = 1; i < numbers.size(); ++i) numbers[i] += numbers[i - 1];
  }
  sums[me] = numbers.back();
}

int main() {
  std::thread other(compute, 1);
  compute(0);
  other.join();
}
