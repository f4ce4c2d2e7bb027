// main returns while one thread sleeps and looks, one waits for ever and one turns for ever, as
// threads in the background do: the process ends all the same.
// clean
#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>

std::atomic<long> beats{0};
std::atomic<bool> stop{false};
std::mutex m;

int main() {
  std::thread([] {
    while (!stop) {
      ++beats;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }).detach();
  std::thread([] {
    m.lock();
    m.lock();
  }).detach();
  std::thread([] {
    while (!stop) {
    }
  }).detach();
}
