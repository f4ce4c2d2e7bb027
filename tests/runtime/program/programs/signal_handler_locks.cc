// A handler takes the lock that the code which it interrupts may hold.
// finds: deadlock mutex in
#include <pthread.h>
#include <signal.h>
#include <mutex>
#include <thread>

static std::mutex m;
static int count = 0;

static void on_signal(int) {
  std::lock_guard<std::mutex> lock(m);
  ++count;
}

int main() {
  signal(SIGUSR1, on_signal);
  const pthread_t self = pthread_self();
  std::thread other([self] { pthread_kill(self, SIGUSR1); });
  {
    std::lock_guard<std::mutex> lock(m);
    ++count;
  }
  other.join();
}
