// The C++ library makes a key for it, once, which outlives what it was made for.
// clean
// options: no-races
#include <cassert>
#include <future>
#include <thread>

int main() {
  std::promise<int> promise;
  std::future<int> future = promise.get_future();
  std::thread thread([&] { promise.set_value_at_thread_exit(7); });
  assert(future.get() == 7);
  thread.join();
}
