// Condition with a time-out, corrected: the answer is used only if it is there.
// clean
#include <cassert>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

std::mutex m;
std::condition_variable changed;
int answer = 0;

void compute() {
  std::lock_guard<std::mutex> lock(m);
  answer = 42;
  changed.notify_one();
}

int main() {
  std::thread worker(compute);
  {
    std::unique_lock<std::mutex> lock(m);
    if (changed.wait_for(lock, std::chrono::seconds(10), [] { return answer != 0; }))
      assert(answer == 42);
  }
  worker.join();
}
