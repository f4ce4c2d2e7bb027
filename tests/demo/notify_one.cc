// One instead of all: two threads wait for different things at one condition, and the notification
// for one of them reaches the other, which goes back to sleep.
//   first waits for 1, second waits for 2   main: stage = 2, notify_one -> first: not 1
// finds: deadlock condition in wait_for_stage
#include <condition_variable>
#include <mutex>
#include <thread>

std::mutex m;
std::condition_variable changed;
int stage = 0;

void wait_for_stage(int wanted) {
  std::unique_lock<std::mutex> lock(m);
  changed.wait(lock, [wanted] { return stage >= wanted; });
}
void reach(int reached) {
  {
    std::lock_guard<std::mutex> lock(m);
    stage = reached;
  }
  changed.notify_one();
}

int main() {
  std::thread second(wait_for_stage, 2), first(wait_for_stage, 1);
  reach(1);
  reach(2);
  first.join();
  second.join();
}
