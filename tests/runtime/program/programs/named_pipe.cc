// To open a named pipe would wait for somebody at its other end.
// clean
// escapes: open of a named pipe, which waits for its other end
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cassert>
#include <cerrno>
#include <string>
#include <thread>

int main() {
  std::thread other([] {});
  const std::string path = "/tmp/reweave-named-pipe-" + std::to_string(getpid());
  assert(mkfifo(path.c_str(), 0600) == 0);
  assert(open(path.c_str(), O_RDONLY) == -1 && errno == ENOSYS);
  assert(unlink(path.c_str()) == 0);
  other.join();
}
