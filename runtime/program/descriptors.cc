#include "runtime/program/descriptors.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "runtime/program/real.h"
#include "runtime/program/refusal.h"
#include "runtime/program/system_calls.h"

namespace reweave::program {
namespace {

/// Only files have a position of their own; the program's output is told apart by whoever keeps it.
off_t position_of(int descriptor) {
  struct stat status {};
  if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) return -1;
  return lseek(descriptor, 0, SEEK_CUR);
}

}  // namespace

int Descriptors::high(int descriptor) {
  const int copy = fcntl(descriptor, F_DUPFD_CLOEXEC, kHigh);
  if (copy < 0)
    refused("the system gives no descriptor for the explorer: raise the limit (ulimit -n 1024)");
  return copy;
}

int Descriptors::opened_again(int descriptor) {
  const std::string path = "/proc/self/fd/" + std::to_string(descriptor);
  const auto opened = static_cast<int>(
      kernel_call(SYS_openat, AT_FDCWD, word_of(path.c_str()), O_RDONLY | O_CLOEXEC));
  if (opened < 0) return -1;
  const auto copy = static_cast<int>(kernel_call(SYS_fcntl, opened, F_DUPFD_CLOEXEC, long{kHigh}));
  kernel_call(SYS_close, opened);
  return copy;
}

void Descriptors::part_from_siblings() {
  for (int number = 0; number < kHigh; ++number) {
    const int flags = fcntl(number, F_GETFL);
    if (flags < 0 || (flags & O_ACCMODE) != O_RDONLY) continue;
    const off_t position = position_of(number);
    const int own = position < 0 ? -1 : opened_again(number);
    if (own < 0) continue;
    lseek(own, position, SEEK_SET);
    const int closes = fcntl(number, F_GETFD);
    real().dup2(own, number);
    fcntl(number, F_SETFD, closes);
    real().close(own);
  }
}

void Descriptors::take() {
  for (const Kept& kept : kept_) real().close(kept.copy);
  kept_.clear();
  for (int number = 0; number < kHigh; ++number) {
    if (fcntl(number, F_GETFD) < 0) continue;
    const bool is_output = number == STDOUT_FILENO || number == STDERR_FILENO;
    kept_.push_back({number, high(number), is_output ? -1 : position_of(number)});
  }
}

void Descriptors::put_back() {
  if (kept_.empty()) return;
  int begin = 0;
  for (const Kept& kept : kept_) {
    if (begin < kept.number) {
      close_range(static_cast<unsigned>(begin), static_cast<unsigned>(kept.number) - 1, 0);
    }
    real().dup2(kept.copy, kept.number);
    if (kept.position >= 0) lseek(kept.copy, kept.position, SEEK_SET);
    begin = kept.number + 1;
  }
  close_range(static_cast<unsigned>(begin), kHigh - 1, 0);
}

}  // namespace reweave::program
