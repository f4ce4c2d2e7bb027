// libc's calls about signals, and the kernel's; what they mean is in program_signals.h.

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include <cstring>

#include "runtime/program/cancellation.h"
#include "runtime/program/control.h"
#include "runtime/program/mutexes.h"
#include "runtime/program/program_signals.h"
#include "runtime/program/real.h"
#include "runtime/program/system_calls.h"

namespace reweave::program {
namespace {

bool is_signal(long signal) { return signal > 0 && signal < ProgramSignals::kSignals; }

SignalSet set_in(const sigset_t* from) {
  SignalSet set = 0;
  std::memcpy(&set, from, sizeof set);
  return set;
}

long change_mask(int how, const SignalSet* wanted, SignalSet* before, const void* caller) {
  const SignalSet now = control().self().signals.blocked;
  const SignalSet given = wanted == nullptr ? 0 : *wanted;
  if (before != nullptr) *before = now;
  if (wanted == nullptr) return 0;
  switch (how) {
    case SIG_BLOCK:
      program_signals().set_blocked(now | given, caller);
      return 0;
    case SIG_UNBLOCK:
      program_signals().set_blocked(now & ~given, caller);
      return 0;
    case SIG_SETMASK:
      program_signals().set_blocked(given, caller);
      return 0;
    default:
      return -EINVAL;
  }
}

long change_action(int signal, const struct sigaction* wanted, struct sigaction* before,
                   const void* caller) {
  if (!is_signal(signal)) return -EINVAL;
  if (wanted != nullptr && (signal == SIGKILL || signal == SIGSTOP)) return -EINVAL;
  control().lock_point(Access::kWrite, nullptr, caller);
  struct sigaction& action = program_signals().action(signal);
  const struct sigaction was = action;
  if (wanted != nullptr) action = *wanted;
  if (before != nullptr) *before = was;
  return 0;
}

long send_to(Thread* thread, int signal, const void* caller) {
  if (thread == nullptr || thread->ended) return -ESRCH;
  if (signal == 0) return 0;
  if (!is_signal(signal)) return -EINVAL;
  control().point(Access::kWrite, thread, caller);
  if (thread->ended) return -ESRCH;
  program_signals().send(*thread, signal, caller);
  return 0;
}

// ---- The kernel's ----

/// What the kernel's call is given.
struct KernelAction {
  void (*handler)(int);
  unsigned long flags;
  void (*restorer)();
  SignalSet mask;
};

long rt_sigaction_call(const CallWords& words, const void* caller) {
  struct sigaction wanted {
  }, before{};
  const auto* const given = pointer_in<const KernelAction>(words[1]);
  if (given != nullptr) {
    wanted.sa_handler = given->handler;
    wanted.sa_flags = static_cast<int>(given->flags);
    std::memcpy(&wanted.sa_mask, &given->mask, sizeof given->mask);
  }
  const long result = change_action(static_cast<int>(words[0]),
                                    given == nullptr ? nullptr : &wanted, &before, caller);
  if (auto* const told = pointer_in<KernelAction>(words[2]); told != nullptr && result == 0)
    *told = {before.sa_handler, static_cast<unsigned long>(before.sa_flags), nullptr,
             set_in(&before.sa_mask)};
  return result;
}
long rt_sigprocmask_call(const CallWords& words, const void* caller) {
  return change_mask(static_cast<int>(words[0]), pointer_in<const SignalSet>(words[1]),
                     pointer_in<SignalSet>(words[2]), caller);
}
long rt_sigpending_call(const CallWords& words, const void*) {
  const Thread& me = control().self();
  *pointer_in<SignalSet>(words[0]) = program_signals().pending_for(me) & me.signals.blocked;
  return 0;
}
long rt_sigtimedwait_call(const CallWords& words, const void* caller) {
  const std::uint64_t deadline = deadline_after(pointer_in<const timespec>(words[2]));
  control().lock_point(Access::kAcquire, &control().self(), caller);
  const int signal =
      program_signals().wait_for(*pointer_in<const SignalSet>(words[0]), deadline, caller);
  if (signal <= 0) return signal == 0 ? -EAGAIN : -EINTR;
  if (auto* const info = pointer_in<siginfo_t>(words[1]); info != nullptr) {
    *info = {};
    info->si_signo = signal;
    info->si_code = SI_TKILL;
    info->si_pid = static_cast<pid_t>(kernel_call(SYS_getpid));
  }
  return signal;
}
long rt_sigsuspend_call(const CallWords& words, const void* caller) {
  control().lock_point(Access::kAcquire, &control().self(), caller);
  const MaskScope mask(pointer_in<const SignalSet>(words[0]), caller);
  if (!mask.interrupted()) program_signals().pause(caller);
  return -EINTR;
}
long pause_call(const CallWords&, const void* caller) {
  control().lock_point(Access::kAcquire, &control().self(), caller);
  program_signals().pause(caller);
  return -EINTR;
}

/// By the number that gettid() tells.
Thread* thread_of(long number) {
  const long index = number - kernel_call(SYS_getpid);
  if (index < 0 || index >= static_cast<long>(control().thread_count())) return nullptr;
  return &control().thread(ThreadId{static_cast<std::uint32_t>(index)});
}
long kill_call(const CallWords& words, const void* caller) {
  const auto signal = static_cast<int>(words[1]);
  if (words[0] != kernel_call(SYS_getpid) && words[0] != 0) {
    control().note_escape("kill", caller);
    return kernel_call(SYS_kill, words);
  }
  if (signal == 0) return 0;
  if (!is_signal(signal)) return -EINVAL;
  control().point(Access::kWrite, nullptr, caller);
  program_signals().send_to_process(signal, caller);
  return 0;
}
long tkill_call(const CallWords& words, const void* caller) {
  return send_to(thread_of(words[0]), static_cast<int>(words[1]), caller);
}
long tgkill_call(const CallWords& words, const void* caller) {
  if (words[0] != kernel_call(SYS_getpid)) return -ESRCH;
  return send_to(thread_of(words[1]), static_cast<int>(words[2]), caller);
}
long rt_sigqueueinfo_call(const CallWords&, const void* caller) {
  control().note_escape("sigqueue", caller);
  return -ENOSYS;
}
long signalfd_call(const CallWords&, const void* caller) {
  control().note_escape("signalfd", caller);
  return -ENOSYS;
}
/// The only other stack is the explorer's own, for crashes.
long sigaltstack_call(const CallWords& words, const void*) {
  if (auto* const told = pointer_in<stack_t>(words[1]); told != nullptr) {
    *told = {};
    told->ss_flags = SS_DISABLE;
  }
  return 0;
}

}  // namespace

void stand_in_for_signal_calls() {
  stand_in_for(SYS_rt_sigaction, &rt_sigaction_call);
  stand_in_for(SYS_rt_sigprocmask, &rt_sigprocmask_call);
  stand_in_for(SYS_rt_sigpending, &rt_sigpending_call);
  stand_in_for(SYS_rt_sigtimedwait, &rt_sigtimedwait_call);
  stand_in_for(SYS_rt_sigsuspend, &rt_sigsuspend_call);
  stand_in_for(SYS_rt_sigqueueinfo, &rt_sigqueueinfo_call);
  stand_in_for(SYS_rt_tgsigqueueinfo, &rt_sigqueueinfo_call);
  stand_in_for(SYS_kill, &kill_call);
  stand_in_for(SYS_tkill, &tkill_call);
  stand_in_for(SYS_tgkill, &tgkill_call);
  stand_in_for(SYS_signalfd4, &signalfd_call);
  stand_in_for(SYS_sigaltstack, &sigaltstack_call);
#if defined(SYS_pause)
  stand_in_for(SYS_pause, &pause_call);
  stand_in_for(SYS_signalfd, &signalfd_call);
#endif
}

}  // namespace reweave::program

using namespace reweave;           // NOLINT: the functions below are in no namespace.
using namespace reweave::program;  // NOLINT

namespace {

constexpr long kSetBytes = sizeof(SignalSet);

}  // namespace

REWEAVE_STAND_IN int sigaction(int signal, const struct sigaction* wanted,
                               struct sigaction* before) noexcept {
  if (!is_controlled()) return real().sigaction(signal, wanted, before);
  return static_cast<int>(as_libc_tells(change_action(signal, wanted, before, REWEAVE_CALLER)));
}
REWEAVE_STAND_IN sighandler_t signal(int signal, sighandler_t handler) noexcept {
  if (!is_controlled()) return real().signal(signal, handler);
  struct sigaction wanted {
  }, before{};
  wanted.sa_handler = handler;
  wanted.sa_flags = SA_RESTART;
  const long result = change_action(signal, &wanted, &before, REWEAVE_CALLER);
  return as_libc_tells(result) == 0 ? before.sa_handler : SIG_ERR;
}
REWEAVE_STAND_IN int pthread_sigmask(int how, const sigset_t* wanted, sigset_t* before) noexcept {
  if (!is_controlled()) return real().pthread_sigmask(how, wanted, before);
  SignalSet set = 0, was = 0;
  if (wanted != nullptr) set = set_in(wanted);
  const long result = change_mask(how, wanted == nullptr ? nullptr : &set, &was, REWEAVE_CALLER);
  if (before != nullptr) {
    sigemptyset(before);
    std::memcpy(before, &was, sizeof was);
  }
  return static_cast<int>(-result);
}
REWEAVE_STAND_IN int sigprocmask(int how, const sigset_t* wanted, sigset_t* before) noexcept {
  if (!is_controlled()) {
    return static_cast<int>(as_libc_tells(
        kernel_call(SYS_rt_sigprocmask, how, word_of(wanted), word_of(before), kSetBytes)));
  }
  const int error = pthread_sigmask(how, wanted, before);
  return static_cast<int>(as_libc_tells(-error));
}
REWEAVE_STAND_IN int sigpending(sigset_t* set) noexcept {
  if (is_controlled()) sigemptyset(set);
  return static_cast<int>(call_kernel(SYS_rt_sigpending, REWEAVE_CALLER, set, kSetBytes));
}
REWEAVE_STAND_IN int sigtimedwait(const sigset_t* set, siginfo_t* info, const timespec* time) {
  return static_cast<int>(
      call_kernel_and_wait(SYS_rt_sigtimedwait, REWEAVE_CALLER, set, info, time, kSetBytes));
}
REWEAVE_STAND_IN int sigwaitinfo(const sigset_t* set, siginfo_t* info) {
  return static_cast<int>(
      call_kernel_and_wait(SYS_rt_sigtimedwait, REWEAVE_CALLER, set, info, nullptr, kSetBytes));
}
REWEAVE_STAND_IN int sigwait(const sigset_t* set, int* signal) {
  while (true) {
    const long got =
        call_kernel_and_wait(SYS_rt_sigtimedwait, REWEAVE_CALLER, set, nullptr, nullptr, kSetBytes);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno;
    *signal = static_cast<int>(got);
    return 0;
  }
}
REWEAVE_STAND_IN int sigsuspend(const sigset_t* mask) {
  return static_cast<int>(call_kernel_and_wait(SYS_rt_sigsuspend, REWEAVE_CALLER, mask, kSetBytes));
}
REWEAVE_STAND_IN int pause() {
  return static_cast<int>(call_kernel_and_wait(SYS_pause, REWEAVE_CALLER));
}
REWEAVE_STAND_IN int raise(int signal) noexcept {
  if (!is_controlled()) return real().raise(signal);
  return static_cast<int>(as_libc_tells(send_to(&control().self(), signal, REWEAVE_CALLER)));
}
REWEAVE_STAND_IN int kill(pid_t process, int signal) noexcept {
  if (!is_controlled()) return real().kill(process, signal);
  return static_cast<int>(call_kernel(SYS_kill, REWEAVE_CALLER, process, signal));
}
REWEAVE_STAND_IN int tgkill(pid_t process, pid_t thread, int signal) {
  return static_cast<int>(call_kernel(SYS_tgkill, REWEAVE_CALLER, process, thread, signal));
}
REWEAVE_STAND_IN int pthread_kill(pthread_t handle, int signal) noexcept {
  if (!is_controlled()) return real().pthread_kill(handle, signal);
  return static_cast<int>(-send_to(control().find(handle), signal, REWEAVE_CALLER));
}
REWEAVE_STAND_IN int sigaltstack(const stack_t* wanted, stack_t* before) noexcept {
  return static_cast<int>(call_kernel(SYS_sigaltstack, REWEAVE_CALLER, wanted, before));
}
