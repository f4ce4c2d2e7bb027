// Start after stop, corrected: who starts the thread says that it runs.
// clean
#include <atomic>
#include <thread>

std::atomic<bool> running{false};

void run() {
  while (running) {
  }
}

int main() {
  running = true;
  std::thread thread(run);
  running = false;
  thread.join();
}
