#include "runtime/program/signals.h"

#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <array>
#include <cstring>
#include <string>
#include <utility>

#include "runtime/program/control.h"
#include "runtime/program/real.h"

namespace reweave::program {
namespace {

constexpr std::array<int, 6> kSignals = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT};
constexpr std::size_t kStackBytes = std::size_t{256} << 10;

/// What was there before handle_signals().
struct Before {
  bool taken = false;
  stack_t stack{};
  std::array<struct sigaction, kSignals.size()> actions{};
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

}  // namespace

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
}

void give_back_signals() {
  Before& before = handled_before();
  if (!std::exchange(before.taken, false)) return;
  sigaltstack(&before.stack, nullptr);
  for (std::size_t i = 0; i < kSignals.size(); ++i)
    real().sigaction(kSignals[i], &before.actions[i], nullptr);
}

}  // namespace reweave::program
