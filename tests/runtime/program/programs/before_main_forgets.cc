// As before_main, but the service ends when it is told, and forgets what it was asked.
// finds: assertion assert in Service::~Service
// asan: refused
#include <atomic>
#include <cassert>
#include <thread>

struct Service {
  std::atomic<int> requests{0}, served{0};
  std::atomic<bool> stop{false};
  std::thread worker{[this] {
    while (!stop) {
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
