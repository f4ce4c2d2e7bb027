// Promises with values, exceptions and shared futures; a broken promise is told.
// clean
#include <cassert>
#include <future>
#include <memory>
#include <stdexcept>
#include <thread>

int main() {
  std::promise<int> promise;
  std::shared_future<int> shared = promise.get_future().share();
  std::thread reader([shared] { assert(shared.get() == 7); });
  std::thread writer([&promise] { promise.set_value(7); });
  assert(shared.get() == 7);
  reader.join();
  writer.join();
  std::future<int> broken;
  std::thread breaker([&broken] {
    std::promise<int> forgotten;
    broken = forgotten.get_future();
  });
  breaker.join();
  try {
    broken.get();
    assert(false);
  } catch (const std::future_error& error) {
    assert(error.code() == std::future_errc::broken_promise);
  }
}
