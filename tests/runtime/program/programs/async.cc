// std::async both ways, and an exception that travels through a future.
// clean
#include <cassert>
#include <chrono>
#include <future>
#include <stdexcept>

int main() {
  std::future<int> eager = std::async(std::launch::async, [] { return 20; });
  std::future<int> lazy = std::async(std::launch::deferred, [] { return 1; });
  std::future<void> throws =
      std::async(std::launch::async, [] { throw std::runtime_error("thrown there"); });
  assert(lazy.wait_for(std::chrono::seconds(0)) == std::future_status::deferred);
  assert(eager.get() + lazy.get() == 21);
  bool caught = false;
  try {
    throws.get();
  } catch (const std::runtime_error& error) {
    caught = std::string(error.what()) == "thrown there";
  }
  assert(caught);
}
