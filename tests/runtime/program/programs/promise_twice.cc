// Two threads keep one promise: the second one throws, and nobody catches it.
// finds: uncaught std::future_error in main::{lambda#
#include <future>
#include <thread>

int main() {
  std::promise<int> promise;
  std::future<int> future = promise.get_future();
  std::thread one([&] { promise.set_value(1); });
  std::thread two([&] { promise.set_value(2); });
  future.get();
  one.join();
  two.join();
}
