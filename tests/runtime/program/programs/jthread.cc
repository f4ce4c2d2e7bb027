// std::jthread joins by itself, and its stop token wakes a waiter.
// clean
#include <atomic>
#include <cassert>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

int main() {
  std::atomic<int> calls{0}, ends{0};
  {
    std::mutex m;
    std::condition_variable_any changed;
    std::jthread waits([&](std::stop_token token) {
      std::stop_callback callback(token, [&] { ++calls; });
      std::unique_lock<std::mutex> lock(m);
      const bool ready = changed.wait(lock, token, [] { return false; });
      assert(!ready);
      ++ends;
    });
    std::jthread turns([&](std::stop_token token) {
      while (!token.stop_requested()) std::this_thread::yield();
      ++ends;
    });
    waits.request_stop();
  }
  assert(calls <= 1);  // Unless the waiter was gone before it could be called back.
  assert(ends == 2);
}
