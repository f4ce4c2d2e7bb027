// A thread that a global variable starts is one of the program's, in each execution.
// clean
// asan: refused
#include <atomic>
#include <cassert>
#include <thread>

struct Service {
  std::atomic<int> requests{0}, served{0};
  std::atomic<bool> stop{false};
  std::thread worker{[this] {
    while (!stop || served < requests) {
      if (served < requests) ++served;
      std::this_thread::yield();
    }
  }};
  ~Service() {
    stop = true;
    worker.join();
    assert(served == requests);
  }
};

Service service;

int main() { service.requests = 2; }
