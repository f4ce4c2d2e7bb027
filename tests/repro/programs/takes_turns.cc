// Each waits for the other in a loop that counts, so that no turn of it is like the last. Whoever
// is let run for ever never sees the other's answer.
#include <atomic>
#include <thread>

std::atomic<int> ball{0};
unsigned long spins[2];

void play(int me) {
  for (int i = 0; i < 20; ++i) {
    while (ball != me) ++spins[me];
    ball = 1 - me;
  }
}

int main() {
  std::thread other(play, 1);
  play(0);
  other.join();
}
