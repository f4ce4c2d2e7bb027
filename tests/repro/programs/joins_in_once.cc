// A thread is joined in a call_once(), as std::async() does.
#include <atomic>
#include <mutex>
#include <thread>

std::atomic<int> shared{0};
std::once_flag once;

int main() {
  std::thread thread([] { shared = 1; });
  const int seen = shared;
  std::call_once(once, [&] { thread.join(); });
  return seen;
}
