// The owner may lock it again, and others wait until it gave it back as often.
// clean
#include <cassert>
#include <mutex>
#include <thread>

std::recursive_mutex m;
int depth = 0;

void descend(int levels) {
  std::lock_guard<std::recursive_mutex> lock(m);
  ++depth;
  if (levels > 0) descend(levels - 1);
  --depth;
  if (levels == 2) assert(depth == 0);
}

int main() {
  {
    std::jthread a([] { descend(2); });
    descend(2);
  }
  assert(m.try_lock());
  m.unlock();
}
