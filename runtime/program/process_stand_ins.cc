// Processes and signals that a program sends itself: what would leave the one process in which
// everything is explored is refused or let through, and named in either case.
//
// A child made by fork() would go on exploring beside its parent, so there is none. A command that
// is run in a process of its own does what it does, as often as there are executions.

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include <string>

#include "runtime/program/control.h"
#include "runtime/program/real.h"

namespace reweave::program {
namespace {

int refuse(const char* name, const void* caller) {
  control().note_escape(name, caller);
  errno = ENOSYS;
  return -1;
}

bool is_ignored_by_default(int signal) {
  return signal == SIGCHLD || signal == SIGURG || signal == SIGWINCH || signal == SIGCONT;
}

/// A signal that a thread sends itself arrives before raise() returns.
int raise_here(int signal) {
  struct sigaction action {};
  if (real().sigaction(signal, nullptr, &action) != 0) return -1;
  if (action.sa_handler == SIG_IGN) return 0;
  if (action.sa_handler == SIG_DFL && is_ignored_by_default(signal)) return 0;
  const bool crash = sites().is_ours(reinterpret_cast<const void*>(action.sa_handler));
  if (crash || action.sa_handler == SIG_DFL) {
    const char* const name = sigabbrev_np(signal);
    const std::string word = "SIG" + std::string(name == nullptr ? "?" : name);
    control().fail(FindingKind::kCrash, word, "The program raised " + word, CallStack::here());
  }
  if ((action.sa_flags & SA_SIGINFO) != 0) {
    siginfo_t info{};
    info.si_signo = signal;
    info.si_pid = getpid();
    action.sa_sigaction(signal, &info, nullptr);
  } else {
    action.sa_handler(signal);
  }
  return 0;
}

}  // namespace
}  // namespace reweave::program

using namespace reweave;           // NOLINT: the functions below are in no namespace.
using namespace reweave::program;  // NOLINT

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
  return real().system(command);
}
REWEAVE_STAND_IN FILE* popen(const char* command, const char* mode) {
  if (is_controlled()) control().note_escape("popen", REWEAVE_CALLER);
  return real().popen(command, mode);
}

REWEAVE_STAND_IN int raise(int signal) {
  return is_controlled() ? raise_here(signal) : real().raise(signal);
}
REWEAVE_STAND_IN int kill(pid_t process, int signal) {
  if (!is_controlled()) return real().kill(process, signal);
  if (process == getpid() && signal != 0) return raise_here(signal);
  control().note_escape("kill", REWEAVE_CALLER);
  return real().kill(process, signal);
}
