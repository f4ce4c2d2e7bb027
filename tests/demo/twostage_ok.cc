// Two stages, corrected: the first lock is held until the second stage is done.
// clean
#include <cassert>
#include <mutex>
#include <thread>

std::mutex data_lock, copy_lock;
int data = 0, copy = 0;

void write_both() {
  std::lock_guard<std::mutex> lock(data_lock);
  data = 1;
  std::lock_guard<std::mutex> second(copy_lock);
  copy = data + 1;
}
void read_both() {
  std::lock_guard<std::mutex> lock(data_lock);
  if (data == 0) return;
  std::lock_guard<std::mutex> second(copy_lock);
  assert(copy == data + 1);
}

int main() {
  std::thread writer(write_both), reader(read_both);
  writer.join();
  reader.join();
}
