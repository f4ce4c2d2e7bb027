// A reader keeps a pointer that the writer deletes; the writer's next object is as large, and would
// get the same memory, so that the reader saw nothing odd.
// finds: crash use after free in read_version
// options: no-races
#include <mutex>
#include <thread>

struct Config {
  int version;
};

std::mutex lock;
Config* current = new Config{1};
int seen = 0;

void read_version() {
  Config* config = nullptr;
  {
    std::lock_guard guard(lock);
    config = current;
  }
  std::lock_guard guard(lock);
  seen = config->version;
}

void replace() {
  std::lock_guard guard(lock);
  delete current;
  current = new Config{2};
}

int main() {
  std::thread reader(read_version), writer(replace);
  reader.join();
  writer.join();
  return seen == 0;
}
