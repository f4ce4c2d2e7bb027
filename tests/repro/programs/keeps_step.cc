// Each of two transactions makes the other one fail, as long as they keep step.
#include <mutex>
#include <thread>

std::mutex mutex;
int version = 0;

void transaction() {
  while (true) {
    int seen = 0;
    {
      const std::lock_guard held(mutex);
      seen = version = (version + 1) % 4;
    }
    std::this_thread::yield();
    const std::lock_guard held(mutex);
    if (version == seen) return;
  }
}

int main() {
  std::thread first(transaction), second(transaction);
  first.join();
  second.join();
}
