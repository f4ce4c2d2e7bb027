// Three threads, each of which takes two of three locks, in a circle.
#include <mutex>
#include <thread>

std::mutex locks[3];

void take(int which) {
  const std::lock_guard first(locks[which]);
  const std::lock_guard second(locks[(which + 1) % 3]);
}

int main() {
  std::thread a(take, 0), b(take, 1), c(take, 2);
  a.join();
  b.join();
  c.join();
}
