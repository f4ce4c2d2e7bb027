// Barrier reuse: a hand-made barrier counts up and is reset by the last one. A fast thread comes
// again before a slow one has seen that the round is over, and the slow one waits for the next.
//   slow: waits for count 2   fast: count = 2, reset to 0; comes again: count = 1
//   slow: count is 1: waits on; fast waits, too
// finds: deadlock condition in arrive
#include <condition_variable>
#include <mutex>
#include <thread>

std::mutex m;
std::condition_variable changed;
int count = 0;

void arrive() {
  std::unique_lock<std::mutex> lock(m);
  if (++count == 2) {
    changed.notify_all();
    changed.wait(lock, [] { return count != 2; });
    return;
  }
  changed.wait(lock, [] { return count == 2; });
  count = 0;
  changed.notify_all();
}
void work() {
  arrive();
  arrive();
}

int main() {
  std::thread one(work), two(work), three(work), four(work);
  one.join();
  two.join();
  three.join();
  four.join();
}
