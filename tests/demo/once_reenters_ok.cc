// Once that re-enters, corrected: what the initialization uses does not need it.
// clean
#include <atomic>
#include <mutex>
#include <thread>

std::once_flag started;
std::atomic<bool> verbose{false};
std::atomic<int> lines{0};

void log() { ++lines; }
void start() {
  if (verbose) log();
}
void use() { std::call_once(started, start); }

int main() {
  std::thread user(use);
  verbose = true;
  user.join();
}
