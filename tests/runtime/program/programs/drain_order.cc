// As drain.cc, with three threads in an order that main's return is a part of: the schedule names
// the place where main waits.
// finds: assertion assert in check
#include <cassert>
#include <mutex>
#include <thread>

std::mutex m;
int stage = 0;

void step(int from) {
  std::lock_guard<std::mutex> lock(m);
  if (stage == from) ++stage;
}
void check() {
  std::lock_guard<std::mutex> lock(m);
  assert(stage != 2);
}

int main() {
  std::thread(step, 1).detach();
  std::thread(step, 0).detach();
  std::thread(check).detach();
}
