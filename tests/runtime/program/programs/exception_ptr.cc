// An exception is carried from one thread to two others.
// clean
#include <cassert>
#include <exception>
#include <mutex>
#include <stdexcept>
#include <thread>

std::exception_ptr carried;
std::once_flag once;

int main() {
  std::thread thrower([] {
    try {
      throw std::out_of_range("far");
    } catch (...) {
      carried = std::current_exception();
    }
  });
  thrower.join();
  auto take = [] {
    try {
      std::rethrow_exception(carried);
    } catch (const std::out_of_range& error) {
      std::this_thread::yield();
      assert(error.what()[0] == 'f');
    }
  };
  std::thread a(take);
  take();
  a.join();
  carried = nullptr;
}
