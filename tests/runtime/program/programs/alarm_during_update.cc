// A timer's handler reads what the program is just changing.
// finds: assertion assert in
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>
#include <atomic>
#include <cassert>
#include <thread>

static std::atomic<int> first{0}, second{0};

int main() {
  std::thread other([] {});
  signal(SIGALRM, [](int) { assert(first == second); });
  itimerval soon{};
  soon.it_value.tv_usec = 1000;
  setitimer(ITIMER_REAL, &soon, nullptr);
  for (int i = 0; i < 10; ++i) {
    ++first;
    ++second;
  }
  other.join();
}
