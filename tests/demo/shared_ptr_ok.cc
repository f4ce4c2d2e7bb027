// Shared pointer, corrected: whoever edits puts a new object in place of the old one.
// clean
#include <atomic>
#include <cassert>
#include <memory>
#include <mutex>
#include <thread>

struct Text {
  std::atomic<int> version{1};
};
std::mutex m;
std::shared_ptr<Text> text = std::make_shared<Text>();

void edit() {
  auto edited = std::make_shared<Text>();
  edited->version = 2;
  std::lock_guard<std::mutex> lock(m);
  text = edited;
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
