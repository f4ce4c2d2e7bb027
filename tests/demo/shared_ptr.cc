// Shared pointer: copy on write asks use_count() whether it is alone, and writes in place if so.
// The other owner may have been counted out, or have made its copy, in the meantime.
//   writer: use_count is 1                     writer: writes what the reader reads
//                   reader: copies the pointer
// finds: assertion assert in read_twice
#include <atomic>
#include <cassert>
#include <memory>
#include <mutex>
#include <thread>

struct Text {
  std::atomic<int> version{1};
};
std::mutex m;  // Guards the pointer, not what it points to.
std::shared_ptr<Text> text = std::make_shared<Text>();

void edit() {
  bool alone = false;
  Text* mine = nullptr;
  {
    std::lock_guard<std::mutex> lock(m);
    alone = text.use_count() == 1;
    mine = text.get();
  }
  if (alone) mine->version = 2;
}
void read_twice() {
  std::shared_ptr<Text> copy;
  {
    std::lock_guard<std::mutex> lock(m);
    copy = text;
  }
  const int first = copy->version, second = copy->version;
  assert(first == second);
}

int main() {
  std::thread editor(edit), reader(read_twice);
  editor.join();
  reader.join();
}
