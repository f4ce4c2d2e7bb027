// Dining philosophers, corrected: everybody takes the fork with the lower number first.
// clean
#include <algorithm>
#include <mutex>
#include <thread>

constexpr int kPhilosophers = 3;
std::mutex forks[kPhilosophers];

void dine(int seat) {
  const int other = (seat + 1) % kPhilosophers;
  std::lock_guard<std::mutex> first(forks[std::min(seat, other)]);
  std::lock_guard<std::mutex> second(forks[std::max(seat, other)]);
}

int main() {
  std::thread philosophers[kPhilosophers];
  for (int seat = 0; seat < kPhilosophers; ++seat) philosophers[seat] = std::thread(dine, seat);
  for (std::thread& philosopher : philosophers) philosopher.join();
}
