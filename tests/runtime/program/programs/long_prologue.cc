// Hundreds of thousands of accesses with nobody else to run are work, and no program that never
// ends.
// clean
#include <cassert>
#include <thread>
#include <vector>

int main() {
  std::vector<unsigned> numbers(20'000);
  for (unsigned round = 1; round <= 10; ++round) {
    for (unsigned& number : numbers) number = number * 3 + round;
  }
  unsigned sum = 0;
  std::thread adds([&] { sum += numbers[7]; });
  adds.join();
  assert(sum == numbers[7]);
}
