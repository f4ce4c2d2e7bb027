// Locks of files, flock() and those of fcntl(): whoever does not get one lets others go on and
// tries again.

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>

#include "runtime/program/descriptor_call.h"

namespace reweave::program {
namespace {

/// `attempt` is made until nobody else has the lock, if it `waits`: whoever gives it back changes
/// something.
template <typename Attempt>
long lock_file(bool waits, const void* caller, const Attempt& attempt) {
  while (true) {
    control().lock_point(Access::kReadModifyWrite, file_locks(), caller);
    control().give(file_locks());
    const long result = attempt();
    if (!waits || (result != -EAGAIN && result != -EACCES)) {
      control().take_over(file_locks());
      control().had_effect(caller);
      return result;
    }
    control().yield(caller);
  }
}
long flock_call(const CallWords& words, const void* caller) {
  return lock_file((words[1] & LOCK_NB) == 0, caller,
                   [&] { return kernel_call(SYS_flock, words[0], words[1] | LOCK_NB); });
}
long fcntl_call(const CallWords& words, const void* caller) {
  const auto lock = [&](bool waits, long command) {
    return lock_file(waits, caller,
                     [&] { return kernel_call(SYS_fcntl, words[0], command, words[2]); });
  };
  switch (words[1]) {
    case F_SETLK:
    case F_OFD_SETLK:
      return lock(/*waits=*/false, words[1]);
    case F_SETLKW:
      return lock(/*waits=*/true, F_SETLK);
    case F_OFD_SETLKW:
      return lock(/*waits=*/true, F_OFD_SETLK);
    default:
      return kernel_call(SYS_fcntl, words);
  }
}

}  // namespace

void stand_in_for_file_lock_calls() {
  stand_in_for(SYS_flock, &flock_call);
  stand_in_for(SYS_fcntl, &fcntl_call);
}

}  // namespace reweave::program
