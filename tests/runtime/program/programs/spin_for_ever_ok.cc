// Every way of waiting by turning, each for something that comes: flags, exchanges, failed tries,
// yields, short sleeps, a flag under a mutex, and a thread that turns alone before it gives up.
// clean
#include <atomic>
#include <cassert>
#include <chrono>
#include <mutex>
#include <thread>

std::atomic<int> stage{0};
std::atomic_flag busy = ATOMIC_FLAG_INIT;
std::mutex m, taken;
bool done = false;

int main() {
  taken.lock();
  busy.test_and_set();
  std::thread waiter([] {
    while (stage < 1) {
    }
    while (busy.test_and_set()) {
    }
    while (stage < 2) std::this_thread::yield();
    while (true) {
      std::lock_guard<std::mutex> lock(m);
      if (done) break;
    }
    while (!taken.try_lock()) {
    }
    while (stage < 3) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    taken.unlock();
    stage = 4;
  });
  stage = 1;
  busy.clear();
  stage = 2;
  {
    std::lock_guard<std::mutex> lock(m);
    done = true;
  }
  taken.unlock();
  stage = 3;
  while (stage != 4) std::this_thread::yield();
  waiter.join();
  int turns = 0;
  while (stage == 4 && turns < 5000) ++turns;
  assert(turns == 5000);
}
