// Iterator invalidation: each access to the list is locked, but a walk over it is not; an index
// that was good is not any more when it is used.
//   walker: index 1 is below the size 2                 walker: at(1) throws
//                                      eraser: erases one
// finds: uncaught std::out_of_range in
#include <cassert>
#include <mutex>
#include <thread>
#include <vector>

std::mutex m;
std::vector<int> list = {1, 2};

std::size_t size() {
  std::lock_guard<std::mutex> lock(m);
  return list.size();
}
int at(std::size_t index) {
  std::lock_guard<std::mutex> lock(m);
  return list.at(index);
}

void walk() {
  for (std::size_t i = 0; i < size(); ++i) at(i);
}
void erase_one() {
  std::lock_guard<std::mutex> lock(m);
  list.pop_back();
}

int main() {
  std::thread walker(walk), eraser(erase_one);
  walker.join();
  eraser.join();
}
