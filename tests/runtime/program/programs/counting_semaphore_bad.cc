// Somebody releases more than was acquired, so that three are inside at once.
// finds: assertion assert in main::{lambda#1}
#include <atomic>
#include <cassert>
#include <semaphore>
#include <thread>

int main() {
  std::counting_semaphore<4> room(2);
  std::atomic<int> inside{0};
  auto enter = [&] {
    room.acquire();
    assert(++inside <= 2);
    --inside;
    room.release();
    room.release();
  };
  std::jthread a(enter), b(enter), c(enter), d(enter);
}
