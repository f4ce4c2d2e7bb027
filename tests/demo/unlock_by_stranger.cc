// Unlock by a stranger: what a try returned is not looked at, and the mutex is unlocked in any
// case.
//   one: lock                                  one is no longer alone
//            two: try_lock fails; unlock
// finds: assertion unlock by a stranger in flush
#include <mutex>
#include <thread>

std::mutex m;
int written = 0;

void put() {
  std::lock_guard<std::mutex> lock(m);
  ++written;
}
void flush() {
  m.try_lock();
  m.unlock();
}

int main() {
  std::thread one(put), two(flush);
  one.join();
  two.join();
}
