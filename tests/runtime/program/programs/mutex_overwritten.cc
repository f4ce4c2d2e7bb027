// A mutex that is held becomes text; then it is given back.
// finds: assertion mutex overwritten in holds
#include <atomic>
#include <cstring>
#include <mutex>
#include <thread>

std::mutex mutex;
std::atomic<int> turn{0};

void holds() {
  mutex.lock();
  turn = 1;
  while (turn != 2) std::this_thread::yield();
  mutex.unlock();
}

int main() {
  std::thread holder(holds);
  while (turn != 1) std::this_thread::yield();
  std::memcpy(static_cast<void*>(&mutex), "a text that is longer than a mutex, which has 40",
              sizeof mutex);
  turn = 2;
  holder.join();
}
