// Looks at the time stamp counter, which nobody can control, and goes one way or the other.
#include <x86intrin.h>

#include <mutex>
#include <thread>

std::mutex lock;
int counted = 0;

void count() {
  lock.lock();
  ++counted;
  lock.unlock();
  if ((__rdtsc() >> 4) % 2 == 0) {
    lock.lock();
    counted += 2;
    lock.unlock();
  }
}

int main() {
  std::thread a(count), b(count);
  a.join();
  b.join();
}
