// Timers that send a signal, in virtual time: one that comes, one that is taken back, one that
// comes again and again.
// clean
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>
#include <atomic>
#include <cassert>
#include <cerrno>
#include <thread>

static std::atomic<int> rings{0};

int main() {
  std::thread other([] {});
  struct sigaction action {};
  action.sa_handler = [](int) { ++rings; };
  sigaction(SIGALRM, &action, nullptr);
  assert(alarm(1000) == 0);
  assert(alarm(0) > 990 && rings == 0);
  alarm(60);
  assert(pause() == -1 && errno == EINTR && rings == 1);
  itimerval often{};
  often.it_interval.tv_usec = often.it_value.tv_usec = 10'000;
  assert(setitimer(ITIMER_REAL, &often, nullptr) == 0);
  while (rings < 4) usleep(100'000);
  const itimerval never{};
  assert(setitimer(ITIMER_REAL, &never, &often) == 0 && often.it_interval.tv_usec == 10'000);
  other.join();
}
