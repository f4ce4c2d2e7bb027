// Processes: what would leave the one process in which everything is explored is refused or let
// through, and named in either case.
//
// A child made by fork() would go on exploring beside its parent, so there is none. A command that
// is run in a process of its own does what it does, as often as there are executions.

#include <errno.h>
#include <unistd.h>

#include "runtime/program/control.h"
#include "runtime/program/real.h"
#include "runtime/program/system_calls.h"

namespace reweave::program {
namespace {

int refuse(const char* name, const void* caller) {
  control().note_escape(name, caller);
  errno = ENOSYS;
  return -1;
}

long refuse_process_call(const CallWords&, const void* caller) {
  control().note_escape("a system call that makes a process or thread", caller);
  return -ENOSYS;
}
long refuse_execution_call(const CallWords&, const void* caller) {
  control().note_escape("a system call that starts another program", caller);
  return -ENOSYS;
}
long exit_group_call(const CallWords& words, const void* caller) {
  control().end_process(static_cast<int>(words[0]) & 0xff, /*with_handlers=*/false, caller);
}

template <long Number>
long move_call(const CallWords& words, const void*) {
  process().note_move();
  return kernel_call(Number, words);
}

}  // namespace

void stand_in_for_process_calls() {
  stand_in_for(SYS_chdir, &move_call<SYS_chdir>);
  stand_in_for(SYS_fchdir, &move_call<SYS_fchdir>);
  stand_in_for(SYS_umask, &move_call<SYS_umask>);
  stand_in_for(SYS_clone, &refuse_process_call);
  stand_in_for(SYS_clone3, &refuse_process_call);
#if defined(SYS_fork)
  stand_in_for(SYS_fork, &refuse_process_call);
  stand_in_for(SYS_vfork, &refuse_process_call);
#endif
  stand_in_for(SYS_execve, &refuse_execution_call);
  stand_in_for(SYS_execveat, &refuse_execution_call);
  stand_in_for(SYS_exit_group, &exit_group_call);
}

}  // namespace reweave::program

using namespace reweave;           // NOLINT: the functions below are in no namespace.
using namespace reweave::program;  // NOLINT

REWEAVE_STAND_IN int chdir(const char* path) noexcept {
  return static_cast<int>(call_kernel(SYS_chdir, REWEAVE_CALLER, path));
}
REWEAVE_STAND_IN int fchdir(int descriptor) noexcept {
  return static_cast<int>(call_kernel(SYS_fchdir, REWEAVE_CALLER, descriptor));
}
REWEAVE_STAND_IN mode_t umask(mode_t mask) noexcept {
  return static_cast<mode_t>(call_kernel(SYS_umask, REWEAVE_CALLER, mask));
}

REWEAVE_STAND_IN pid_t fork() {
  if (!is_controlled()) return real().fork();
  return refuse("fork", REWEAVE_CALLER);
}
REWEAVE_STAND_IN pid_t vfork() {
  // Outside of an execution as fork(): the child of a real vfork() may not return from here.
  if (!is_controlled()) return real().fork();
  return refuse("vfork", REWEAVE_CALLER);
}
REWEAVE_STAND_IN int execve(const char* path, char* const* words, char* const* environment) {
  if (!is_controlled()) return real().execve(path, words, environment);
  return refuse("execve", REWEAVE_CALLER);
}
REWEAVE_STAND_IN int execv(const char* path, char* const* words) {
  if (!is_controlled()) return real().execv(path, words);
  return refuse("execv", REWEAVE_CALLER);
}
REWEAVE_STAND_IN int execvp(const char* file, char* const* words) {
  if (!is_controlled()) return real().execvp(file, words);
  return refuse("execvp", REWEAVE_CALLER);
}
REWEAVE_STAND_IN int system(const char* command) {
  if (is_controlled()) control().note_escape("system", REWEAVE_CALLER);
  const Undispatched scope;
  return real().system(command);
}
REWEAVE_STAND_IN FILE* popen(const char* command, const char* mode) {
  if (is_controlled()) control().note_escape("popen", REWEAVE_CALLER);
  const Undispatched scope;
  return real().popen(command, mode);
}
REWEAVE_STAND_IN int posix_spawn(pid_t* process, const char* path,
                                 const posix_spawn_file_actions_t* actions,
                                 const posix_spawnattr_t* attributes, char* const* words,
                                 char* const* environment) {
  if (is_controlled()) control().note_escape("posix_spawn", REWEAVE_CALLER);
  const Undispatched scope;
  return real().posix_spawn(process, path, actions, attributes, words, environment);
}
REWEAVE_STAND_IN int posix_spawnp(pid_t* process, const char* file,
                                  const posix_spawn_file_actions_t* actions,
                                  const posix_spawnattr_t* attributes, char* const* words,
                                  char* const* environment) {
  if (is_controlled()) control().note_escape("posix_spawnp", REWEAVE_CALLER);
  const Undispatched scope;
  return real().posix_spawnp(process, file, actions, attributes, words, environment);
}
