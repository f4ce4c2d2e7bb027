// main returns while others are on their way: they go on to their end, as they may in real life.
// finds: assertion assert in work
#include <atomic>
#include <cassert>
#include <thread>

std::atomic<int> stage{0};

void work() {
  for (int i = 0; i < 4; ++i) ++stage;
  assert(stage == 4);
}

int main() {
  std::thread(work).detach();
  std::thread(work).detach();
}
