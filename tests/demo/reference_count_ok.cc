// Reference count, corrected: the count is raised only where it is not 0.
// clean
#include <atomic>
#include <cassert>
#include <thread>

struct Object {
  std::atomic<int> count{1};
  std::atomic<bool> destroyed{false};
} object;

void drop() {
  if (--object.count == 0) object.destroyed = true;
}
void find() {
  int count = object.count;
  do {
    if (count == 0) return;
  } while (!object.count.compare_exchange_weak(count, count + 1));
  assert(!object.destroyed);
  drop();
}

int main() {
  std::thread dropper(drop), finder(find);
  dropper.join();
  finder.join();
}
