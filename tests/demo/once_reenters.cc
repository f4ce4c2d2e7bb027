// Once that re-enters: an initialization uses, if it comes first, what waits for that same
// initialization.
//   user: call_once -> initialize -> log -> call_once: waits for itself
// finds: deadlock once that re-enters
#include <atomic>
#include <mutex>
#include <thread>

std::once_flag started;
std::atomic<bool> verbose{false};

void start();
void log() { std::call_once(started, start); }
void start() {
  if (verbose) log();
}
void use() { std::call_once(started, start); }

int main() {
  std::thread user(use);
  verbose = true;
  user.join();
}
