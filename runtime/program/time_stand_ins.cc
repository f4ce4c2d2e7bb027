// Time: a virtual clock that steps with the execution, and sleeps that pass on it.
//
// All clocks show one time; they differ in where they began. A sleep ends when its time has come,
// or at once, if a question `fire` says so: threads that sleep are not in any order.

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/times.h>
#include <time.h>
#include <unistd.h>

#include "runtime/program/cancellation.h"
#include "runtime/program/control.h"
#include "runtime/program/mutexes.h"
#include "runtime/program/real.h"
#include "runtime/program/system_calls.h"
#include "runtime/program/timers.h"

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

/// What one may sleep for.
bool is_duration(const timespec* time) { return is_time(time) && time->tv_sec >= 0; }

/// What clock_nanosleep() returns; `left` is filled in if a signal came.
int sleep_to(std::uint64_t deadline, timespec* left, const void* caller) {
  CancellableCall call;
  sleep_until(deadline, caller);
  Control& all = control();
  if (!all.self().interrupted || deadline <= all.now()) return 0;
  call.end_if_cancelled();
  if (left != nullptr) *left = as_timespec(deadline - all.now());
  return EINTR;
}

int fail_with(int error) {
  if (error == 0) return 0;
  errno = error;
  return -1;
}

// ---- As system calls ----

long clock_nanosleep_call(const CallWords& words, const void* caller) {
  const auto* const time = pointer_in<const timespec>(words[2]);
  const bool absolute = (words[1] & TIMER_ABSTIME) != 0;
  const auto clock = static_cast<clockid_t>(words[0]);
  if (!is_duration(time)) return -EINVAL;
  const std::uint64_t deadline = absolute ? deadline_of(clock, time) : deadline_after(time);
  return -sleep_to(deadline, absolute ? nullptr : pointer_in<timespec>(words[3]), caller);
}
long nanosleep_call(const CallWords& words, const void* caller) {
  return clock_nanosleep_call({CLOCK_MONOTONIC, 0, words[0], words[1]}, caller);
}
long clock_gettime_call(const CallWords& words, const void*) {
  *pointer_in<timespec>(words[1]) = as_timespec(reading(static_cast<clockid_t>(words[0])));
  return 0;
}
/// All time that passes is spent by the program, in hundredths of a second.
long times_call(const CallWords& words, const void*) {
  const auto ticks = static_cast<clock_t>(reading(CLOCK_MONOTONIC) / (kSecondNs / 100));
  if (auto* const told = pointer_in<tms>(words[0]); told != nullptr) *told = {ticks, 0, 0, 0};
  return ticks;
}
long sched_yield_call(const CallWords&, const void* caller) {
  control().yield(caller);
  return 0;
}

// ---- Timers ----

std::uint64_t ns_of(const timespec& time) { return nanoseconds(time); }
std::uint64_t ns_of(const timeval& time) { return nanoseconds({time.tv_sec, time.tv_usec * 1000}); }
timeval as_timeval(std::uint64_t ns) {
  const timespec time = as_timespec(ns);
  return {time.tv_sec, time.tv_nsec / 1000};
}
std::uint64_t left_of(const Timers::Setting& setting) {
  if (setting.deadline == sync::kNever) return 0;
  const std::uint64_t now = control().now();
  return setting.deadline > now ? setting.deadline - now : 1000;  // 0 would say: not set.
}

/// A key that is no descriptor.
constexpr std::uint64_t kIntervalTimers = std::uint64_t{1} << 32;
constexpr int kSignalOf[] = {SIGALRM, SIGVTALRM, SIGPROF};

itimerval as_itimerval(const Timers::Setting& setting) {
  return {as_timeval(setting.interval), as_timeval(left_of(setting))};
}
/// Time that a thread computes is not told apart from time that passes.
long setitimer_call(const CallWords& words, const void* caller) {
  if (words[0] < 0 || words[0] > 2) return -EINVAL;
  const auto which = static_cast<std::size_t>(words[0]);
  Timers::Setting setting;
  if (const auto* const wanted = pointer_in<const itimerval>(words[1]); wanted != nullptr) {
    const std::uint64_t first = ns_of(wanted->it_value);
    if (first != 0) setting = {control().now() + first, ns_of(wanted->it_interval)};
  }
  control().point(Access::kWrite, nullptr, caller);
  const auto before =
      as_itimerval(timers().set(kIntervalTimers + which, kSignalOf[which], setting, caller));
  if (auto* const told = pointer_in<itimerval>(words[2]); told != nullptr) *told = before;
  return 0;
}
long getitimer_call(const CallWords& words, const void*) {
  if (words[0] < 0 || words[0] > 2) return -EINVAL;
  *pointer_in<itimerval>(words[1]) =
      as_itimerval(timers().get(kIntervalTimers + static_cast<std::uint64_t>(words[0])));
  return 0;
}
long alarm_call(const CallWords& words, const void* caller) {
  const itimerval wanted{{}, {static_cast<time_t>(words[0]), 0}};
  itimerval before{};
  setitimer_call({ITIMER_REAL, word_of(&wanted), word_of(&before)}, caller);
  return before.it_value.tv_sec + (before.it_value.tv_usec != 0 ? 1 : 0);
}

long timerfd_create_call(const CallWords& words, const void*) {
  return kernel_call(SYS_eventfd2, 0, words[1]);  // The flags are the same.
}
/// Whose clock a timer has is not known here: a time on it is told by its size.
long timerfd_settime_call(const CallWords& words, const void* caller) {
  const auto descriptor = static_cast<std::uint64_t>(words[0]);
  const auto* const wanted = pointer_in<const itimerspec>(words[2]);
  if (kernel_call(SYS_fcntl, words[0], F_GETFD) < 0) return -EBADF;
  Timers::Setting setting;
  if (const std::uint64_t first = ns_of(wanted->it_value); first != 0) {
    const bool absolute = (words[1] & TFD_TIMER_ABSTIME) != 0;
    const bool from_boot = first < kBootNs;
    const std::uint64_t at = from_boot ? first + kBootNs : first;
    setting = {absolute ? at : control().now() + first, ns_of(wanted->it_interval)};
  }
  control().point(Access::kWrite, nullptr, caller);
  pollfd come{static_cast<int>(words[0]), POLLIN, 0};
  std::uint64_t times = 0;
  if (kernel_call(SYS_poll, word_of(&come), 1, 0) > 0)  // It starts at none.
    kernel_call(SYS_read, words[0], word_of(&times), sizeof times);
  const Timers::Setting before = timers().set(descriptor, 0, setting, caller);
  if (auto* const told = pointer_in<itimerspec>(words[3]); told != nullptr)
    *told = {as_timespec(before.interval), as_timespec(left_of(before))};
  return 0;
}
long timerfd_gettime_call(const CallWords& words, const void*) {
  const Timers::Setting setting = timers().get(static_cast<std::uint64_t>(words[0]));
  *pointer_in<itimerspec>(words[1]) = {as_timespec(setting.interval),
                                       as_timespec(left_of(setting))};
  return 0;
}
long timer_create_call(const CallWords&, const void* caller) {
  control().note_escape("timer_create", caller);
  return -ENOSYS;
}

}  // namespace

std::uint64_t deadline_of(clockid_t clock, const timespec* until) {
  if (until == nullptr) return sync::kNever;
  constexpr std::uint64_t kLongNs = 300'000'000 * kSecondNs;
  const std::uint64_t at = nanoseconds(*until) + (counts_from_boot(clock) ? kBootNs : 0);
  const std::uint64_t now = control().now();
  return at > now && at - now > kLongNs ? sync::kNever : at;
}

std::uint64_t deadline_after(const timespec* duration) {
  return duration == nullptr ? sync::kNever : control().now() + nanoseconds(*duration) + 1;
}

void stand_in_for_time_calls() {
  stand_in_for(SYS_clock_nanosleep, &clock_nanosleep_call);
  stand_in_for(SYS_nanosleep, &nanosleep_call);
  stand_in_for(SYS_clock_gettime, &clock_gettime_call);
  stand_in_for(SYS_times, &times_call);
  stand_in_for(SYS_sched_yield, &sched_yield_call);
  stand_in_for(SYS_setitimer, &setitimer_call);
  stand_in_for(SYS_getitimer, &getitimer_call);
#if defined(SYS_alarm)
  stand_in_for(SYS_alarm, &alarm_call);
#endif
  stand_in_for(SYS_timerfd_create, &timerfd_create_call);
  stand_in_for(SYS_timerfd_settime, &timerfd_settime_call);
  stand_in_for(SYS_timerfd_gettime, &timerfd_gettime_call);
  stand_in_for(SYS_timer_create, &timer_create_call);
}

}  // namespace reweave::program

using namespace reweave;           // NOLINT: the functions below are in no namespace.
using namespace reweave::program;  // NOLINT

REWEAVE_STAND_IN int nanosleep(const timespec* duration, timespec* left) {
  if (!is_controlled()) return real().nanosleep(duration, left);
  if (!is_duration(duration)) return fail_with(EINVAL);
  return fail_with(sleep_to(deadline_after(duration), left, REWEAVE_CALLER));
}
REWEAVE_STAND_IN int clock_nanosleep(clockid_t clock, int flags, const timespec* time,
                                     timespec* left) {
  if (!is_controlled()) return real().clock_nanosleep(clock, flags, time, left);
  const bool absolute = (flags & TIMER_ABSTIME) != 0;
  if (!is_duration(time)) return EINVAL;
  if (absolute) return sleep_to(deadline_of(clock, time), nullptr, REWEAVE_CALLER);
  return sleep_to(deadline_after(time), left, REWEAVE_CALLER);
}
REWEAVE_STAND_IN int usleep(useconds_t microseconds) {
  if (!is_controlled()) return real().usleep(microseconds);
  const std::uint64_t deadline = control().now() + std::uint64_t{microseconds} * 1000 + 1;
  return fail_with(sleep_to(deadline, nullptr, REWEAVE_CALLER));
}
REWEAVE_STAND_IN unsigned sleep(unsigned seconds) {
  if (!is_controlled()) return real().sleep(seconds);
  timespec left{};
  if (sleep_to(control().now() + seconds * kSecondNs + 1, &left, REWEAVE_CALLER) == 0) return 0;
  return static_cast<unsigned>(left.tv_sec + (left.tv_nsec >= 500'000'000 ? 1 : 0));
}
REWEAVE_STAND_IN int thrd_sleep(const timespec* duration, timespec* left) {
  if (!is_controlled()) return real().thrd_sleep(duration, left);
  if (!is_duration(duration)) return -2;
  return sleep_to(deadline_after(duration), left, REWEAVE_CALLER) == 0 ? 0 : -1;
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

REWEAVE_STAND_IN unsigned alarm(unsigned seconds) noexcept {
  return static_cast<unsigned>(call_kernel(SYS_alarm, REWEAVE_CALLER, seconds));
}
REWEAVE_STAND_IN int setitimer(__itimer_which_t which, const itimerval* wanted,
                               itimerval* before) noexcept {
  return static_cast<int>(call_kernel(SYS_setitimer, REWEAVE_CALLER, which, wanted, before));
}
REWEAVE_STAND_IN int getitimer(__itimer_which_t which, itimerval* value) noexcept {
  return static_cast<int>(call_kernel(SYS_getitimer, REWEAVE_CALLER, which, value));
}
REWEAVE_STAND_IN int timerfd_create(clockid_t clock, int flags) noexcept {
  return static_cast<int>(call_kernel(SYS_timerfd_create, REWEAVE_CALLER, clock, flags));
}
REWEAVE_STAND_IN int timerfd_settime(int descriptor, int flags, const itimerspec* wanted,
                                     itimerspec* before) noexcept {
  return static_cast<int>(
      call_kernel(SYS_timerfd_settime, REWEAVE_CALLER, descriptor, flags, wanted, before));
}
REWEAVE_STAND_IN int timerfd_gettime(int descriptor, itimerspec* value) noexcept {
  return static_cast<int>(call_kernel(SYS_timerfd_gettime, REWEAVE_CALLER, descriptor, value));
}
