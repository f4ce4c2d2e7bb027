// A plain mutex is locked again by the thread that holds it.
// finds: deadlock mutex in
#include <mutex>
#include <thread>

std::mutex m;

void update() { std::lock_guard<std::mutex> lock(m); }

int main() {
  std::thread other([] {});
  std::lock_guard<std::mutex> lock(m);
  update();
  other.join();
}
