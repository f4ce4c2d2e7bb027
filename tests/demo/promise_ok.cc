// Promise, corrected: the flag is taken by an exchange.
// clean
#include <atomic>
#include <cassert>
#include <future>
#include <thread>

std::promise<int> promise;
std::atomic<bool> answered{false};

void answer(int value) {
  if (answered.exchange(true)) return;
  promise.set_value(value);
}

int main() {
  std::future<int> first = promise.get_future();
  std::thread one(answer, 1), two(answer, 2);
  const int value = first.get();
  assert(value == 1 || value == 2);
  one.join();
  two.join();
}
