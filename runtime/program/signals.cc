#include "runtime/program/signals.h"

#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <array>
#include <cstring>
#include <string>
#include <utility>

#include "runtime/program/control.h"
#include "runtime/program/program_process.h"
#include "runtime/program/real.h"

namespace reweave::program {
namespace {

constexpr std::array<int, 7> kSignals = {SIGSEGV, SIGBUS,  SIGFPE, SIGILL,
                                         SIGTRAP, SIGABRT, SIGXCPU};
constexpr std::size_t kStackBytes = std::size_t{256} << 10;

/// What was there before handle_signals().
struct Before {
  bool taken = false;
  stack_t stack{};
  std::array<struct sigaction, kSignals.size()> actions{};
  struct sigaction broken_pipe {};
};
Before& handled_before() {
  static Before* const only = new Before;
  return *only;
}

const void* faulting_instruction(void* context) {
  const auto* const user = static_cast<const ucontext_t*>(context);
#if defined(__x86_64__)
  return reinterpret_cast<const void*>(user->uc_mcontext.gregs[REG_RIP]);
#else
  return reinterpret_cast<const void*>(user->uc_mcontext.pc);
#endif
}

void on_signal(int number, siginfo_t* info, void* context) {
  if (!is_controlled()) {
    // Not the program's: as if we were not here.
    struct sigaction usual {};
    usual.sa_handler = SIG_DFL;
    real().sigaction(number, &usual, nullptr);
    return;
  }
  sigset_t these;
  sigemptyset(&these);
  sigaddset(&these, number);
  real().pthread_sigmask(SIG_UNBLOCK, &these, nullptr);
  if (number == SIGXCPU) {  // Whoever isolates executions waits no longer: see isolate.h.
    control().fail_for_hang(CallStack::here());
  }
  // An address is of no use for a person: another process has another one.
  const bool too_deep = number == SIGSEGV && control().donors().is_guard(info->si_addr);
  const char* const name = sigabbrev_np(number);
  std::string word =
      too_deep ? "stack overflow" : "SIG" + std::string(name == nullptr ? "?" : name);
  std::string message = too_deep ? "The stack of the thread is full" : "The program got " + word;
  if (number == SIGSEGV && !too_deep) {
    const auto at = reinterpret_cast<std::uintptr_t>(info->si_addr);
    message += at < 4096 ? ": it used a null pointer" : ": it used memory that is not there";
  }
  CallStack stack = CallStack::here();
  if (stack.empty()) stack.push(static_cast<const char*>(faulting_instruction(context)) + 1);
  control().fail(FindingKind::kCrash, word, message, stack);
}

/// Who handled what pass_on() passes on; of others there is no handler.
struct sigaction& passed_on(int number) {
  static std::array<struct sigaction, NSIG> actions{};
  return actions[static_cast<std::size_t>(number)];
}

void call_handler(int number, siginfo_t* info, void* context) {
  const struct sigaction& action = passed_on(number);
  if ((action.sa_flags & SA_SIGINFO) != 0) {
    action.sa_sigaction(number, info, context);
  } else {
    action.sa_handler(number);
  }
}

void pass_on(int number, siginfo_t* info, void* context) {
  if (!is_controlled()) return call_handler(number, info, context);
  const std::uint8_t dispatch = std::exchange(globals.dispatch, std::uint8_t{0});
  {
    const NotTheProgram scope;
    process().lend_own_output(true);
    call_handler(number, info, context);
    process().lend_own_output(false);
  }
  globals.dispatch = dispatch;
}

}  // namespace

void pass_signals_on() {
  for (const int number : {SIGALRM, SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGXFSZ}) {
    struct sigaction& before = passed_on(number);
    real().sigaction(number, nullptr, &before);
    if (before.sa_handler == SIG_DFL || before.sa_handler == SIG_IGN) continue;
    struct sigaction action = before;
    action.sa_sigaction = &pass_on;
    action.sa_flags |= SA_SIGINFO;
    real().sigaction(number, &action, nullptr);
  }
}

void handle_signals() {
  Before& before = handled_before();
  if (std::exchange(before.taken, true)) return;
  static void* const stack =
      mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  stack_t alternate{};
  alternate.ss_sp = stack;
  alternate.ss_size = kStackBytes;
  sigaltstack(&alternate, &before.stack);
  struct sigaction action {};
  action.sa_sigaction = &on_signal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  for (std::size_t i = 0; i < kSignals.size(); ++i)
    real().sigaction(kSignals[i], &action, &before.actions[i]);
  // Writing where nobody reads is told to the program alone. Programs that are started see nothing
  // of it, since a handler is not inherited.
  struct sigaction nothing {};
  nothing.sa_handler = [](int) {};
  nothing.sa_flags = SA_RESTART;
  real().sigaction(SIGPIPE, &nothing, &before.broken_pipe);
}

void give_back_signals() {
  Before& before = handled_before();
  if (!std::exchange(before.taken, false)) return;
  sigaltstack(&before.stack, nullptr);
  for (std::size_t i = 0; i < kSignals.size(); ++i)
    real().sigaction(kSignals[i], &before.actions[i], nullptr);
  real().sigaction(SIGPIPE, &before.broken_pipe, nullptr);
}

}  // namespace reweave::program
