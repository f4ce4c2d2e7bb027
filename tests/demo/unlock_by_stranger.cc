// Unlock by a stranger: what a try returned is not looked at, and the mutex is unlocked in any
// case.
//   one: lock                          one: unlocks what nobody holds
//            two: try_lock fails; unlock
// finds: assertion unlock
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
