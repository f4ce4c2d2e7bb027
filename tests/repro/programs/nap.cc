// A sleep is over when its time has come, and not before, by the clock that the program sees.
#include <chrono>
#include <thread>

int main() {
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds kNap(1);
  const auto begin = Clock::now();
  std::thread sleeper([] { std::this_thread::sleep_for(kNap); });
  std::thread other([] { std::this_thread::sleep_for(kNap / 2); });
  sleeper.join();
  other.join();
  return Clock::now() - begin < kNap ? 1 : 0;
}
