// A semaphore that lets two of three threads in at once.
// clean
#include <atomic>
#include <cassert>
#include <chrono>
#include <semaphore>
#include <thread>

int main() {
  std::counting_semaphore<2> room(2);
  std::atomic<int> inside{0};
  auto enter = [&] {
    room.acquire();
    assert(++inside <= 2);
    --inside;
    room.release();
  };
  std::jthread a(enter), b(enter);
  enter();
  if (room.try_acquire()) room.release();
  if (room.try_acquire_for(std::chrono::milliseconds(1))) room.release();
}
