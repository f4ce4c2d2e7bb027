// One thread takes what another one gives, each at its own pace. (Of libstdc++ 12's semaphores two
// threads may not take at once: one of them may then sleep although there is something to take.)
// clean
#include <cassert>
#include <chrono>
#include <semaphore>
#include <thread>

int main() {
  std::counting_semaphore<8> items(0), room(2);
  int produced = 0;
  std::jthread producer([&] {
    for (int i = 0; i < 3; ++i) {
      room.acquire();
      ++produced;
      items.release();
    }
  });
  for (int i = 0; i < 3; ++i) {
    if (i < 2) items.acquire();
    while (i == 2 && !items.try_acquire_for(std::chrono::milliseconds(1))) {
    }
    room.release();
  }
  assert(produced == 3);
  assert(!items.try_acquire());
}
