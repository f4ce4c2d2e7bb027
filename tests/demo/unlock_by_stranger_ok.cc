// Unlock by a stranger, corrected: only who got it gives it back.
// clean
#include <mutex>
#include <thread>

std::mutex m;
int written = 0;

void put() {
  std::lock_guard<std::mutex> lock(m);
  ++written;
}
void flush() {
  if (m.try_lock()) m.unlock();
}

int main() {
  std::thread one(put), two(flush);
  one.join();
  two.join();
}
