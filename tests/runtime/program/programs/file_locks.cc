// Locks of a file, taken through descriptors of their own.
// clean
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cassert>
#include <string>
#include <thread>

int main() {
  const int file = memfd_create("locked", 0);
  const std::string path = "/proc/self/fd/" + std::to_string(file);
  int inside = 0;
  const auto work = [&] {
    const int mine = open(path.c_str(), O_RDWR);
    assert(mine >= 0 && flock(mine, LOCK_EX) == 0);
    assert(++inside == 1);
    std::this_thread::yield();
    --inside;
    assert(flock(mine, LOCK_UN) == 0);
    struct flock whole {};
    whole.l_type = F_WRLCK;
    assert(fcntl(mine, F_OFD_SETLKW, &whole) == 0);
    close(mine);
  };
  std::thread other(work);
  work();
  other.join();
  close(file);
}
