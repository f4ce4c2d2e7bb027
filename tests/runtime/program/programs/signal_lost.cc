// It looks whether the signal has come, and then waits for it.
// finds: deadlock signal in main
#include <pthread.h>
#include <signal.h>
#include <unistd.h>
#include <atomic>
#include <thread>

static std::atomic<bool> come{false};

int main() {
  struct sigaction action {};
  action.sa_handler = [](int) { come = true; };
  sigaction(SIGUSR1, &action, nullptr);
  const pthread_t self = pthread_self();
  std::thread other([self] { pthread_kill(self, SIGUSR1); });
  if (!come) pause();
  other.join();
}
