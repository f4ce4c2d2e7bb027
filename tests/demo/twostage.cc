// Two stages: a value and what follows from it are guarded by two locks, one after the other; a
// reader comes between.
//   writer: data = 1 (under one lock)               writer: copy = data + 1 (under the other)
//                   reader: data is 1; copy is 0
// finds: assertion assert in read_both
#include <cassert>
#include <mutex>
#include <thread>

std::mutex data_lock, copy_lock;
int data = 0, copy = 0;

void write_both() {
  int value = 0;
  {
    std::lock_guard<std::mutex> lock(data_lock);
    value = data = 1;
  }
  std::lock_guard<std::mutex> lock(copy_lock);
  copy = value + 1;
}
void read_both() {
  int seen_data = 0, seen_copy = 0;
  {
    std::lock_guard<std::mutex> lock(data_lock);
    if (data == 0) return;
    seen_data = data;
  }
  {
    std::lock_guard<std::mutex> lock(copy_lock);
    seen_copy = copy;
  }
  assert(seen_copy == seen_data + 1);
}

int main() {
  std::thread writer(write_both), reader(read_both);
  writer.join();
  reader.join();
}
