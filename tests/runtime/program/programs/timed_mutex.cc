// A mutex with time-outs: the one who gives up did not get it.
// clean
#include <cassert>
#include <chrono>
#include <mutex>
#include <thread>

int main() {
  std::timed_mutex m;
  std::recursive_timed_mutex r;
  int inside = 0;
  auto enter = [&] {
    if (!m.try_lock_for(std::chrono::milliseconds(2))) return;
    assert(++inside == 1);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    --inside;
    m.unlock();
  };
  std::jthread a(enter), b(enter);
  assert(r.try_lock_for(std::chrono::seconds(1)));
  assert(r.try_lock_until(std::chrono::system_clock::now() + std::chrono::seconds(1)));
  r.unlock();
  r.unlock();
}
