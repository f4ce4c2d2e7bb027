// The working directory and the mask for new files are the program's own in each execution.
// clean
#include <sys/stat.h>
#include <unistd.h>

#include <cassert>
#include <string>
#include <thread>

int main() {
  std::thread other([] {});
  char before[4096], after[4096];
  assert(getcwd(before, sizeof before) != nullptr && std::string(before) != "/");
  const mode_t mask = umask(077);
  assert(mask != 077);
  assert(chdir("/") == 0 && getcwd(after, sizeof after) != nullptr && std::string(after) == "/");
  other.join();
}
