// Start after stop: the thread says itself that it runs, when it does; a stop that came before is
// overwritten, and whoever waits for its end waits for ever.
//   main: running = false                    thread: while (running) … for ever
//         (stop)           thread: running = true
// finds: livelock join in main, loop in run
#include <atomic>
#include <thread>

std::atomic<bool> running{false};

void run() {
  running = true;
  while (running) {
  }
}

int main() {
  std::thread thread(run);
  running = false;
  thread.join();
}
