// Every way to sleep takes virtual time, so that it costs none, and no order can be built on it.
// clean
#include <unistd.h>
#include <cassert>
#include <chrono>
#include <ctime>
#include <thread>

int main() {
  using Clock = std::chrono::steady_clock;
  std::thread sleeper([] {
    const auto begin = Clock::now();
    std::this_thread::sleep_for(std::chrono::hours(24));
    std::this_thread::sleep_until(Clock::now() + std::chrono::seconds(1));
    assert(Clock::now() > begin);
  });
  timespec time{0, 500};
  nanosleep(&time, nullptr);
  usleep(10);
  sleep(1);
  clock_nanosleep(CLOCK_MONOTONIC, 0, &time, nullptr);
  sleeper.join();
}
