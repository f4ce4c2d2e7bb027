// A global variable starts a thread, in a program with AddressSanitizer.
#include <thread>

struct Service {
  std::thread worker{[] {}};
  ~Service() { worker.join(); }
};

Service service;

int main() {}
