// Reference count: an object is taken from a table by raising its count, though it may be 0 already
// and the object about to be destroyed.
//   dropper: count 1 -> 0                       dropper: destroys it
//                          finder: count 0 -> 1: uses it
// finds: assertion assert in find
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
  if (object.destroyed) return;
  ++object.count;
  assert(!object.destroyed);
  drop();
}

int main() {
  std::thread dropper(drop), finder(find);
  dropper.join();
  finder.join();
}
