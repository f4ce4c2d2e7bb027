// Nobody handles it: the process would be ended.
// finds: crash SIGTERM in
#include <signal.h>
#include <unistd.h>
#include <thread>

int main() {
  std::thread other([] { kill(getpid(), SIGTERM); });
  other.join();
}
