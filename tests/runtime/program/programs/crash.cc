// A null pointer is used if the threads come in one order.
// finds: crash SIGSEGV in main::{lambda#1}
#include <atomic>
#include <thread>

std::atomic<int*> shared{nullptr};
int target = 0;

int main() {
  std::thread user([] { *shared.load() = 1; });
  shared = &target;
  user.join();
}
