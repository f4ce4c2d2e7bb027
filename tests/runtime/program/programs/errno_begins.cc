// errno is 0 where main and where each thread begins, whatever the one before left.
// clean
#include <cassert>
#include <cerrno>
#include <thread>

int main() {
  assert(errno == 0);
  std::thread first([] {
    assert(errno == 0);
    errno = EBADF;
  });
  std::thread second([] { assert(errno == 0); });
  first.join();
  second.join();
  errno = ENOENT;
}
