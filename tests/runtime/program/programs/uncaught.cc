// An exception that leaves a thread ends the program.
// finds: uncaught std::runtime_error in
#include <atomic>
#include <stdexcept>
#include <thread>

std::atomic<bool> first{true};

int main() {
  std::thread a([] { first = false; });
  std::thread b([] {
    if (!first) throw std::runtime_error("nobody catches this");
  });
  a.join();
  b.join();
}
