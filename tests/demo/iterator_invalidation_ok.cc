// Iterator invalidation, corrected: the lock is held during the whole walk.
// clean
#include <cassert>
#include <mutex>
#include <thread>
#include <vector>

std::mutex m;
std::vector<int> list = {1, 2};

void walk() {
  std::lock_guard<std::mutex> lock(m);
  for (std::size_t i = 0; i < list.size(); ++i) assert(list.at(i) == static_cast<int>(i) + 1);
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
