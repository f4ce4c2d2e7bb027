// Two locks in two orders.
// finds: deadlock mutex in one, mutex in two
#include <mutex>
#include <thread>

std::mutex a, b;

void one() {
  std::lock_guard<std::mutex> x(a);
  std::lock_guard<std::mutex> y(b);
}
void two() {
  std::lock_guard<std::mutex> x(b);
  std::lock_guard<std::mutex> y(a);
}

int main() {
  std::thread t(one), u(two);
  t.join();
  u.join();
}
