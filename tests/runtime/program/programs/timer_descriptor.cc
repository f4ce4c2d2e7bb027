// A descriptor that becomes readable in virtual time, once and again and again.
// clean
#include <sys/timerfd.h>
#include <unistd.h>
#include <cassert>
#include <cstdint>
#include <thread>

int main() {
  const int timer = timerfd_create(CLOCK_MONOTONIC, 0);
  assert(timer >= 0);
  const itimerspec often{{0, 1'000'000}, {3600, 0}};
  assert(timerfd_settime(timer, 0, &often, nullptr) == 0);
  timespec before{}, after{};
  clock_gettime(CLOCK_MONOTONIC, &before);
  std::thread other([&] {
    std::uint64_t times = 0;
    assert(read(timer, &times, sizeof times) == sizeof times && times >= 1);
  });
  other.join();
  clock_gettime(CLOCK_MONOTONIC, &after);
  assert(after.tv_sec - before.tv_sec >= 3599);
  std::uint64_t times = 0;
  assert(read(timer, &times, sizeof times) == sizeof times && times >= 1);
  const itimerspec never{};
  itimerspec was{};
  assert(timerfd_settime(timer, 0, &never, &was) == 0 && was.it_interval.tv_nsec == 1'000'000);
  close(timer);
}
