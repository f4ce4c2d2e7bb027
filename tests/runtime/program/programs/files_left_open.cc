// An execution closes the lower one of two files and leaves the other one open: the next one gets
// the same numbers again.
// clean
#include <fcntl.h>
#include <unistd.h>
#include <cstdlib>
#include <mutex>
#include <thread>

int main() {
  std::mutex mutex;
  const auto touch = [&] { std::lock_guard guard(mutex); };
  std::thread a(touch), b(touch);
  a.join();
  b.join();
  const int lower = open("/dev/null", O_RDONLY), higher = open("/dev/null", O_RDONLY);
  if (higher != lower + 1) std::abort();
  close(lower);
}
