// Signals that threads send each other: handlers, masks, waiting for them, calls that they end.
// clean
#include <pthread.h>
#include <signal.h>
#include <unistd.h>
#include <atomic>
#include <cassert>
#include <cerrno>
#include <thread>

static std::atomic<int> handled{0};
static pthread_t handled_by;
static void on_signal(int signal) {
  assert(signal == SIGUSR1);
  handled_by = pthread_self();
  ++handled;
}

int main() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  assert(sigaction(SIGUSR1, &action, nullptr) == 0);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);

  // A thread that sleeps is woken, and runs the handler itself.
  std::thread sleeper([] {
    while (handled == 0) {
      const timespec hour{3600, 0};
      timespec left{};
      if (nanosleep(&hour, &left) != 0) assert(errno == EINTR && left.tv_sec > 0);
    }
    assert(pthread_equal(handled_by, pthread_self()));
  });
  const pthread_t sleeps = sleeper.native_handle();
  assert(pthread_kill(sleeps, 0) == 0 && pthread_kill(sleeps, SIGUSR1) == 0);
  sleeper.join();
  assert(handled == 1);

  // What is blocked stays pending, and what a thread sends itself comes at once.
  assert(pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0);
  assert(raise(SIGUSR1) == 0 && handled == 1);
  sigset_t pending;
  assert(sigpending(&pending) == 0 && sigismember(&pending, SIGUSR1) == 1);
  assert(pthread_sigmask(SIG_UNBLOCK, &set, nullptr) == 0 && handled == 2);
  assert(kill(getpid(), SIGUSR1) == 0 && handled == 3);

  // Somebody takes it where it is blocked everywhere; and a mask that lets it through.
  assert(pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0);
  std::thread waiter([&] {
    int signal = 0;
    assert(sigwait(&set, &signal) == 0 && signal == SIGUSR1);
  });
  assert(kill(getpid(), SIGUSR1) == 0);
  waiter.join();
  assert(handled == 3);
  const pthread_t self = pthread_self();
  std::thread sender([&] { assert(pthread_kill(self, SIGUSR1) == 0); });
  sigset_t none;
  sigemptyset(&none);
  assert(sigsuspend(&none) == -1 && errno == EINTR && handled == 4);
  sender.join();
  const timespec soon{5, 0};
  assert(sigtimedwait(&set, nullptr, &soon) == -1 && errno == EAGAIN);
}
