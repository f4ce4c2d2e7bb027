// Time: a virtual clock that steps with the execution, and sleeps that pass on it.
//
// All clocks show one time; they differ in where they began. A sleep ends when its time has come,
// or at once, if a question `fire` says so: threads that sleep are not in any order.

#include <errno.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "runtime/program/control.h"
#include "runtime/program/mutexes.h"
#include "runtime/program/real.h"

namespace reweave::program {
namespace {

constexpr std::uint64_t kSecondNs = 1'000'000'000;
/// The monotonic clock is so much behind the one of the calendar.
constexpr std::uint64_t kBootNs = 1'699'990'000 * kSecondNs;

bool counts_from_boot(clockid_t clock) {
  return clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE && clock != CLOCK_TAI;
}

std::uint64_t nanoseconds(const timespec& time) {
  if (time.tv_sec < 0) return 0;
  constexpr std::uint64_t kSecondsMax = 9'000'000'000;  // Later is never.
  const auto seconds = static_cast<std::uint64_t>(time.tv_sec);
  return (seconds < kSecondsMax ? seconds : kSecondsMax) * kSecondNs +
         static_cast<std::uint64_t>(time.tv_nsec);
}

timespec as_timespec(std::uint64_t ns) {
  timespec time{};
  time.tv_sec = static_cast<time_t>(ns / kSecondNs);
  time.tv_nsec = static_cast<long>(ns % kSecondNs);
  return time;
}

/// What a clock shows; looking at it takes time.
std::uint64_t reading(clockid_t clock) {
  control().look_at_clock();
  const std::uint64_t now = control().now();
  return counts_from_boot(clock) ? now - kBootNs : now;
}

void sleep_until(std::uint64_t deadline, const void* caller) {
  Control& all = control();
  all.point(Access::kNone, nullptr, caller);
  if (deadline <= all.now()) return all.yield(caller);
  if (all.time_is_up(deadline, caller)) return all.yield(caller);
  all.waiters().wait(all.self_id(), {.kind = WaitKind::kTime, .deadline = deadline});
  all.wait_here(Access::kNone, nullptr, caller);
}

}  // namespace

std::uint64_t deadline_of(clockid_t clock, const timespec* until) {
  if (until == nullptr) return sync::kNever;
  const std::uint64_t at = nanoseconds(*until) + (counts_from_boot(clock) ? kBootNs : 0);
  return at == sync::kNever ? at - 1 : at;
}

std::uint64_t deadline_after(const timespec* duration) {
  return duration == nullptr ? sync::kNever : control().now() + nanoseconds(*duration) + 1;
}

}  // namespace reweave::program

using namespace reweave;           // NOLINT: the functions below are in no namespace.
using namespace reweave::program;  // NOLINT

REWEAVE_STAND_IN int nanosleep(const timespec* duration, timespec* left) {
  if (!is_controlled()) return real().nanosleep(duration, left);
  sleep_until(deadline_after(duration), REWEAVE_CALLER);
  return 0;
}
REWEAVE_STAND_IN int clock_nanosleep(clockid_t clock, int flags, const timespec* time,
                                     timespec* left) {
  if (!is_controlled()) return real().clock_nanosleep(clock, flags, time, left);
  const bool absolute = (flags & TIMER_ABSTIME) != 0;
  sleep_until(absolute ? deadline_of(clock, time) : deadline_after(time), REWEAVE_CALLER);
  return 0;
}
REWEAVE_STAND_IN int usleep(useconds_t microseconds) {
  if (!is_controlled()) return real().usleep(microseconds);
  sleep_until(control().now() + std::uint64_t{microseconds} * 1000 + 1, REWEAVE_CALLER);
  return 0;
}
REWEAVE_STAND_IN unsigned sleep(unsigned seconds) {
  if (!is_controlled()) return real().sleep(seconds);
  sleep_until(control().now() + seconds * kSecondNs + 1, REWEAVE_CALLER);
  return 0;
}
REWEAVE_STAND_IN int thrd_sleep(const timespec* duration, timespec* left) {
  if (!is_controlled()) return real().thrd_sleep(duration, left);
  sleep_until(deadline_after(duration), REWEAVE_CALLER);
  return 0;
}
REWEAVE_STAND_IN int sched_yield() {
  if (!is_controlled()) return real().sched_yield();
  control().yield(REWEAVE_CALLER);
  return 0;
}
REWEAVE_STAND_IN void thrd_yield() {
  if (!is_controlled()) return real().thrd_yield();
  control().yield(REWEAVE_CALLER);
}
REWEAVE_STAND_IN int clock_gettime(clockid_t clock, timespec* time) {
  if (!is_controlled()) return real().clock_gettime(clock, time);
  *time = as_timespec(reading(clock));
  return 0;
}
REWEAVE_STAND_IN int gettimeofday(timeval* time, void* zone) {
  if (!is_controlled()) return real().gettimeofday(time, zone);
  const timespec now = as_timespec(reading(CLOCK_REALTIME));
  time->tv_sec = now.tv_sec;
  time->tv_usec = now.tv_nsec / 1000;
  return 0;
}
REWEAVE_STAND_IN time_t time(time_t* result) {
  if (!is_controlled()) return real().time(result);
  const time_t now = as_timespec(reading(CLOCK_REALTIME)).tv_sec;
  if (result != nullptr) *result = now;
  return now;
}
REWEAVE_STAND_IN int timespec_get(timespec* time, int base) {
  if (!is_controlled()) return real().timespec_get(time, base);
  if (base != TIME_UTC) return 0;
  *time = as_timespec(reading(CLOCK_REALTIME));
  return base;
}
REWEAVE_STAND_IN clock_t clock() {
  if (!is_controlled()) return real().clock();
  return static_cast<clock_t>((reading(CLOCK_MONOTONIC) - 10'000 * kSecondNs) / 1000);
}
