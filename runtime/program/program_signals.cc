#include "runtime/program/program_signals.h"

#include <errno.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>
#include <utility>

#include "runtime/program/control.h"
#include "runtime/program/real.h"
#include "runtime/program/system_calls.h"

namespace reweave::program {
namespace {

constexpr SignalSet kNeverBlocked = bit_of(SIGKILL) | bit_of(SIGSTOP);
/// So often a signal that has come is put off, at most.
constexpr std::uint32_t kPutOffMax = 16;

bool is_ignored_by_default(int signal) {
  return signal == SIGCHLD || signal == SIGURG || signal == SIGWINCH || signal == SIGCONT;
}
bool stops_by_default(int signal) {
  return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

}  // namespace

ProgramSignals& program_signals() {
  static ProgramSignals* const only = new ProgramSignals;
  return *only;
}

void ProgramSignals::keep() {
  for (int signal = 1; signal < kSignals; ++signal) {
    auto& kept = kept_[static_cast<std::size_t>(signal)];
    kept = {};
    real().sigaction(signal, nullptr, &kept);
    const auto* const handler = reinterpret_cast<const void*>(kept.sa_handler);
    if (sites().is_ours(handler)) kept = {};
  }
}

void ProgramSignals::begin() {
  actions_ = kept_;
  pending_ = 0;
  any_ = false;
}

bool ProgramSignals::is_handled(int signal) const {
  const auto& action = actions_[static_cast<std::size_t>(signal)];
  return action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN;
}

bool ProgramSignals::is_ignored(int signal) const {
  const auto& action = actions_[static_cast<std::size_t>(signal)];
  return action.sa_handler == SIG_IGN ||
         (action.sa_handler == SIG_DFL && is_ignored_by_default(signal));
}

bool ProgramSignals::wants(const Thread& thread, int signal) const {
  if (thread.ended) return false;
  return (thread.signals.blocked & bit_of(signal)) == 0 ||
         (thread.signals.awaited & bit_of(signal)) != 0;
}

/// Whom a signal to the process goes to; null: all block it.
Thread* ProgramSignals::receiver_of(int signal, const void* caller) {
  Control& all = control();
  std::vector<Thread*> waiting, others;
  for (std::size_t i = 0; i < all.thread_count(); ++i) {
    Thread& thread = all.thread(ThreadId{static_cast<std::uint32_t>(i)});
    if (!wants(thread, signal)) continue;
    ((thread.signals.awaited & bit_of(signal)) != 0 ? waiting : others).push_back(&thread);
  }
  const std::vector<Thread*>& candidates = waiting.empty() ? others : waiting;
  if (candidates.empty()) return nullptr;
  if (candidates.size() == 1) return candidates.front();
  constexpr std::size_t kAnswersMax = 256;
  const auto answers = static_cast<std::uint32_t>(std::min(candidates.size(), kAnswersMax));
  return candidates[all.ask(QuestionKind::kPick, answers, caller)];
}

/// It is there; a thread that waits for it, or that it may interrupt, goes on.
void ProgramSignals::pend(Thread& thread, int signal) {
  Control& all = control();
  const bool awaited = (thread.signals.awaited & bit_of(signal)) != 0;
  if (!awaited && is_ignored(signal)) return;
  thread.signals.pending |= bit_of(signal);
  any_ = true;
  control().reconsider();
  if (!wants(thread, signal) || &thread == &all.self()) return;
  all.interrupt(thread);
}

void ProgramSignals::send(Thread& thread, int signal, const void* caller) {
  pend(thread, signal);
  if (&thread == &control().self()) deliver(caller, /*at_once=*/true);
}

void ProgramSignals::send_to_process(int signal, const void* caller) {
  Thread* const receiver = receiver_of(signal, caller);
  if (receiver != nullptr) return send(*receiver, signal, caller);
  if (is_ignored(signal)) return;
  pending_ |= bit_of(signal);
  any_ = true;
}

void ProgramSignals::send_from_timer(int signal) {
  Thread* const receiver = receiver_of(signal, control().self().where);
  if (receiver == nullptr) {
    pending_ |= bit_of(signal);
    any_ = true;
    return;
  }
  // While nobody can go on the one that came last counts as running, although it waits as well.
  pend(*receiver, signal);
  Control& all = control();
  if (receiver == &all.self() && wants(*receiver, signal)) all.interrupt(*receiver);
}

SignalSet ProgramSignals::pending_for(const Thread& thread) const {
  return thread.signals.pending | pending_;
}

bool ProgramSignals::is_due(const Thread& thread) const {
  return (pending_for(thread) & ~thread.signals.blocked & ~thread.signals.awaited) != 0;
}

void ProgramSignals::look() {
  any_ = pending_ != 0;
  Control& all = control();
  for (std::size_t i = 0; i < all.thread_count(); ++i) {
    const Thread& thread = all.thread(ThreadId{static_cast<std::uint32_t>(i)});
    any_ = any_ || (!thread.ended && thread.signals.pending != 0);
  }
}

/// One of `set` that is pending for the running thread, and no longer is; 0: none.
int ProgramSignals::take(Thread& thread, SignalSet set) {
  for (SignalSet* const from : {&thread.signals.pending, &pending_}) {
    const SignalSet here = *from & set;
    if (here == 0) continue;
    const int signal = std::countr_zero(here) + 1;
    *from &= ~bit_of(signal);
    look();
    return signal;
  }
  return 0;
}

void ProgramSignals::deliver(const void* caller, bool at_once) {
  Control& all = control();
  while (true) {
    Thread& me = all.self();
    const SignalSet due = pending_for(me) & ~me.signals.blocked & ~me.signals.awaited;
    if (due == 0) return;
    at_once = at_once || me.interrupted || me.signals.put_off >= kPutOffMax;
    if (!at_once && all.ask(QuestionKind::kFire, 2, caller) != 0) {
      ++me.signals.put_off;
      return;
    }
    me.signals.put_off = 0;
    act(take(me, due), caller);
  }
}

/// Does what the program wants done for a signal, on its own stack.
void ProgramSignals::act(int signal, const void* caller) {
  struct sigaction& given = action(signal);
  const struct sigaction action = given;
  if (is_ignored(signal)) return;
  if (action.sa_handler == SIG_DFL) {
    if (stops_by_default(signal)) return control().note_escape("a signal that stops", caller);
    const char* const name = sigabbrev_np(signal);
    const std::string word = "SIG" + std::string(name == nullptr ? "?" : name);
    control().fail(FindingKind::kCrash, word, "The program was ended by " + word,
                   CallStack::here());
  }
  if ((static_cast<unsigned>(action.sa_flags) & SA_RESETHAND) != 0) given.sa_handler = SIG_DFL;
  ThreadSignals& mine = control().self().signals;
  const SignalSet before = mine.blocked;
  SignalSet during = 0;
  std::memcpy(&during, &action.sa_mask, sizeof during);
  if ((action.sa_flags & SA_NODEFER) == 0) during |= bit_of(signal);
  mine.blocked |= during & ~kNeverBlocked;
  // The call that the handler interrupts goes on afterwards: calls of the handler are others.
  Thread& running = control().self();
  const bool restarts = running.restarts && (action.sa_flags & SA_RESTART) != 0;
  const bool interrupted = running.interrupted, cancellable = running.cancellable;
  std::vector<pollfd> awaited = running.awaited;
  running.cancellable = false;
  const int error = errno;
  if ((action.sa_flags & SA_SIGINFO) != 0) {
    siginfo_t info{};
    info.si_signo = signal;
    info.si_code = SI_TKILL;
    info.si_pid = static_cast<pid_t>(kernel_call(SYS_getpid));
    ucontext_t context{};
    action.sa_sigaction(signal, &info, &context);
  } else {
    action.sa_handler(signal);
  }
  errno = error;
  Thread& me = control().self();
  me.signals.blocked = before;
  me.restarts = restarts;
  me.interrupted = interrupted;
  me.cancellable = cancellable;
  me.awaited = std::move(awaited);
  me.loop.clear();
}

void ProgramSignals::set_blocked(SignalSet blocked, const void* caller) {
  control().self().signals.blocked = blocked & ~kNeverBlocked;
  if (any_) deliver(caller, /*at_once=*/true);
}

int ProgramSignals::wait_for(SignalSet set, std::uint64_t deadline, const void* caller) {
  Control& all = control();
  Thread& me = all.self();
  if (const int signal = take(me, set); signal != 0) return signal;
  if (deadline != sync::kNever && (deadline <= all.now() || all.time_is_up(deadline, caller)))
    return 0;
  me.signals.awaited = set;
  all.waiters().wait(me.id, {.kind = WaitKind::kSignal, .object = &me, .deadline = deadline});
  all.wait_here(Access::kAcquire, &me, caller);
  me.signals.awaited = 0;
  if (const int signal = take(me, set); signal != 0) return signal;
  return deadline != sync::kNever && all.waiters().timed_out(me.id) ? 0 : -1;
}

void ProgramSignals::pause(const void* caller) {
  Control& all = control();
  Thread& me = all.self();
  if (any_ && (pending_for(me) & ~me.signals.blocked) != 0)
    return deliver(caller, /*at_once=*/true);
  all.waiters().wait(me.id, {.kind = WaitKind::kSignal, .object = &me});
  all.wait_here(Access::kAcquire, &me, caller);
}

MaskScope::MaskScope(const SignalSet* mask, const void* caller)
    : changes_(mask != nullptr), caller_(caller) {
  if (!changes_) return;
  Thread& me = control().self();
  before_ = me.signals.blocked;
  me.signals.blocked = *mask & ~kNeverBlocked;
  const SignalSet due = program_signals().pending_for(me) & ~me.signals.blocked;
  interrupted_ = due != 0;
  if (interrupted_) program_signals().deliver(caller, /*at_once=*/true);
}

MaskScope::~MaskScope() {
  if (changes_) program_signals().set_blocked(before_, caller_);
}

}  // namespace reweave::program
