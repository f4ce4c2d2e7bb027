// Put into a process by LD_PRELOAD: the clock of the day jumps by 30 years at every look, back and
// forth, as no clock of a real machine does. The one that only counts on stays as it is.
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <atomic>

namespace {

std::atomic<unsigned> looks = 0;

time_t jumped(time_t seconds) {
  constexpr time_t kJumpSeconds = 1'000'000'000;
  return seconds + (++looks % 2 == 0 ? -kJumpSeconds : kJumpSeconds);
}

}  // namespace

extern "C" int clock_gettime(clockid_t clock, timespec* now) {
  const auto code = static_cast<int>(syscall(SYS_clock_gettime, clock, now));
  const bool is_of_the_day = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
  if (code == 0 && is_of_the_day) now->tv_sec = jumped(now->tv_sec);
  return code;
}

extern "C" int gettimeofday(timeval* now, void*) {
  timespec precise{};
  const int code = clock_gettime(CLOCK_REALTIME, &precise);
  *now = {.tv_sec = precise.tv_sec, .tv_usec = precise.tv_nsec / 1'000};
  return code;
}

extern "C" time_t time(time_t* out) {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (out != nullptr) *out = now.tv_sec;
  return now.tv_sec;
}
