// A handler that writes interrupts a read, which fails with EINTR. Where the signal comes before
// the read nothing interrupts it.
#include <pthread.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <thread>

int main() {
  struct sigaction action {};
  action.sa_handler = [](int) { (void)!write(STDERR_FILENO, "x", 1); };
  sigaction(SIGUSR1, &action, nullptr);
  int ends[2];
  if (pipe(ends) != 0) return 1;
  std::thread reader([&] {
    char byte = 0;
    if (read(ends[0], &byte, 1) != -1 || errno != EINTR) std::abort();
  });
  usleep(1000);
  pthread_kill(reader.native_handle(), SIGUSR1);
  reader.join();
}
