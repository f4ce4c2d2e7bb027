// One notification is lost, another one reaches the wrong one of two waiting threads.
#include <condition_variable>
#include <mutex>
#include <thread>

std::mutex m;
std::condition_variable changed, unheard;
int stage = 0;

void wait_for_stage(int wanted) {
  std::unique_lock<std::mutex> lock(m);
  changed.wait(lock, [wanted] { return stage >= wanted; });
}
[[gnu::noinline]] void reach(int reached) {
  std::lock_guard<std::mutex> lock(m);
  stage = reached;
  changed.notify_one();
}

int main() {
  unheard.notify_all();
  std::thread second(wait_for_stage, 2), first(wait_for_stage, 1);
  reach(1);
  reach(2);
  first.join();
  second.join();
}
