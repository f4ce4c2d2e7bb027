// A thread waits by turning for a flag that nobody sets, and main waits for it.
// finds: livelock join in main, loop in main::{lambda#1}
#include <atomic>
#include <thread>

std::atomic<bool> ready{false};
std::atomic<bool> other{false};

int main() {
  std::thread waiter([] {
    while (!ready) {
    }
  });
  other = true;  // The wrong one.
  waiter.join();
}
