// Every clock goes forward and none stands still, also for a thread that waits by looking at it.
// clean
#include <sys/time.h>
#include <cassert>
#include <chrono>
#include <ctime>
#include <thread>

int main() {
  using namespace std::chrono;
  std::thread waiter([] {
    const auto end = steady_clock::now() + milliseconds(5);
    while (steady_clock::now() < end) {
    }
  });
  const auto a = steady_clock::now();
  const auto b = steady_clock::now();
  assert(b > a);
  assert(system_clock::now().time_since_epoch() > hours(24 * 365 * 50));
  timeval one{}, two{};
  gettimeofday(&one, nullptr);
  while (true) {
    gettimeofday(&two, nullptr);
    if (two.tv_sec != one.tv_sec || two.tv_usec != one.tv_usec) break;
  }
  assert(time(nullptr) > 1'000'000'000);
  const clock_t used = clock();
  assert(clock() >= used);
  waiter.join();
}
