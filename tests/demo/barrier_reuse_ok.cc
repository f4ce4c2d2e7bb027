// Barrier reuse, corrected: each round has a number, and who waits, waits for the next number.
// clean
#include <condition_variable>
#include <mutex>
#include <thread>

std::mutex m;
std::condition_variable changed;
int count = 0, round_number = 0;

void arrive() {
  std::unique_lock<std::mutex> lock(m);
  const int mine = round_number;
  if (++count == 2) {
    count = 0;
    ++round_number;
    changed.notify_all();
    return;
  }
  changed.wait(lock, [mine] { return round_number != mine; });
}
void work() {
  arrive();
  arrive();
}

int main() {
  std::thread one(work), two(work);
  one.join();
  two.join();
}
