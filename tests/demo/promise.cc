// Promise: two workers race for an answer, and each looks whether there is one before it gives its
// own. Both may see none, and the second set_value() throws where nobody catches.
//   one: answered? no                        one: set_value: already satisfied
//            two: answered? no, set_value
// finds: uncaught std::future_error in answer
#include <atomic>
#include <future>
#include <thread>

std::promise<int> promise;
std::atomic<bool> answered{false};

void answer(int value) {
  if (answered) return;
  promise.set_value(value);
  answered = true;
}

int main() {
  std::future<int> first = promise.get_future();
  std::thread one(answer, 1), two(answer, 2);
  first.get();
  one.join();
  two.join();
}
