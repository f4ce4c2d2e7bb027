// Two threads take turns by two binary semaphores.
// clean
#include <cassert>
#include <semaphore>
#include <thread>

int main() {
  std::binary_semaphore ping(0), pong(0);
  int ball = 0;
  std::jthread other([&] {
    for (int i = 0; i < 2; ++i) {
      ping.acquire();
      ++ball;
      pong.release();
    }
  });
  for (int i = 0; i < 2; ++i) {
    ping.release();
    pong.acquire();
    assert(ball == i + 1);
  }
}
