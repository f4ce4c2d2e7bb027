// Threads that switch while each is in the middle of an exception.
// clean
#include <cassert>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>

struct Unwinds {
  explicit Unwinds(int& count) : count(count) {}
  ~Unwinds() {
    std::this_thread::yield();
    assert(std::uncaught_exceptions() == 1);
    ++count;
  }
  int& count;
};

void work(const char* what) {
  int unwound = 0;
  for (int i = 0; i < 2; ++i) {
    try {
      Unwinds guard(unwound);
      throw std::runtime_error(what);
    } catch (const std::exception& error) {
      std::this_thread::yield();
      assert(std::string(error.what()) == what);
      try {
        throw;
      } catch (const std::runtime_error& again) {
        std::this_thread::yield();
        assert(std::string(again.what()) == what);
      }
    }
  }
  assert(unwound == 2);
  assert(std::uncaught_exceptions() == 0);
}

int main() {
  std::thread a([] { work("first"); }), b([] { work("second"); });
  work("main");
  a.join();
  b.join();
}
