// A descriptor is closed that a thread reads from, and a signal lets it try again: there is none.
// clean
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <thread>

std::atomic<bool> over{false};

int main() {
  signal(SIGUSR1, [](int) {});
  int ends[2];
  socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
  std::thread reader([&] {
    char byte = 0;
    (void)!read(ends[0], &byte, 1);
    over = true;
  });
  usleep(1000);
  close(ends[0]);
  while (!over) {
    pthread_kill(reader.native_handle(), SIGUSR1);
    usleep(1000);
  }
  reader.join();
}
