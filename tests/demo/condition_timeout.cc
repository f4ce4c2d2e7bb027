// Condition with a time-out: that the wait came back is taken for that the answer is there.
//   main: wait_for … late              main: uses an answer of 0
//                         worker: answer = 42, notify
// finds: assertion assert in main
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
    if (answer == 0) changed.wait_for(lock, std::chrono::seconds(10));
    assert(answer == 42);
  }
  worker.join();
}
