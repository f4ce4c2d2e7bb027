// Dining philosophers: each takes the fork at the left, then the one at the right; if all have the
// left one, all wait.
//   p0: left   p1: left   p2: left   p0: right?   p1: right?   p2: right?
// finds: deadlock mutex in dine
#include <mutex>
#include <thread>

constexpr int kPhilosophers = 3;
std::mutex forks[kPhilosophers];

void dine(int seat) {
  std::lock_guard<std::mutex> left(forks[seat]);
  std::lock_guard<std::mutex> right(forks[(seat + 1) % kPhilosophers]);
}

int main() {
  std::thread philosophers[kPhilosophers];
  for (int seat = 0; seat < kPhilosophers; ++seat) philosophers[seat] = std::thread(dine, seat);
  for (std::thread& philosopher : philosophers) philosopher.join();
}
