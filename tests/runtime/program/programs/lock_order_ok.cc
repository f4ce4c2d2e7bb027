// clean
#include <mutex>
#include <thread>

std::mutex a, b;

void work() { std::scoped_lock both(a, b); }

int main() {
  std::thread t(work), u(work);
  t.join();
  u.join();
}
