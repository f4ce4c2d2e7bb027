#include "runtime/program/system_calls.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <ucontext.h>

#include <utility>

#include "runtime/program/control.h"
#include "runtime/program/globals.h"
#include "runtime/program/real.h"
#include "runtime/program/sanitizer_reports.h"

extern "C" {
// Where this library's code lies, from the linker.
extern const char __ehdr_start __attribute__((visibility("hidden")));
extern const char etext __attribute__((visibility("hidden")));
void reweave_return_from_signal();
}

// The last thing a handler does is a system call, too: this one lies in the range that is let
// through. Unwinders know a signal's frame by exactly these instructions.
#if defined(__x86_64__)
__asm__(
    ".text\n"
    ".hidden reweave_return_from_signal\n"
    ".globl reweave_return_from_signal\n"
    "nop\n"
    ".type reweave_return_from_signal, @function\n"
    "reweave_return_from_signal:\n"
    "  .byte 0x48, 0xc7, 0xc0, 0x0f, 0x00, 0x00, 0x00\n"  // mov $15, %rax: rt_sigreturn
    "  syscall\n"
    ".size reweave_return_from_signal, .-reweave_return_from_signal\n");
#endif

namespace reweave::program {
namespace {

constexpr std::size_t kCalls = 512;

struct Table {
  std::array<SystemCall, kCalls> calls{};
  bool dispatching = false;  // In this process.
};
constinit Table table;

#if defined(__x86_64__)
constexpr int kUserDispatch = 2;  // SYS_USER_DISPATCH, which libc does not name.

void on_system_call(int number, siginfo_t* info, void* context) {
  auto& registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  if (info->si_code != kUserDispatch) {  // Somebody's filter: as if we were not here.
    struct sigaction usual {};
    usual.sa_handler = SIG_DFL;
    real().sigaction(number, &usual, nullptr);
    return;
  }
  if (registers[REG_RAX] == SYS_rt_sigreturn) {
    // The end of another handler, which libc made: as if it had not been handed back. What it goes
    // back to lies where its stack pointer was.
    __asm__ volatile("mov %0, %%rsp\n\tmov $15, %%eax\n\tsyscall"
                     :
                     : "r"(registers[REG_RSP])
                     : "memory");
    __builtin_unreachable();
  }
  const int error = errno;
  const CallWords words = {registers[REG_RDI], registers[REG_RSI], registers[REG_RDX],
                           registers[REG_R10], registers[REG_R8],  registers[REG_R9]};
  const long call = registers[REG_RAX];
  const auto* const caller = pointer_in<const void>(registers[REG_RIP]);
  registers[REG_RAX] =
      is_controlled() ? system_call(call, words, caller) : kernel_call(call, words);
  errno = error;
}

/// As the kernel has it.
struct KernelAction {
  void (*handler)(int, siginfo_t*, void*);
  unsigned long flags;
  void (*restorer)();
  unsigned long mask;
};
#endif

}  // namespace

void stand_in_for(long number, SystemCall function) {
  table.calls[static_cast<std::size_t>(number)] = function;
}

void fill_system_call_table() {
  stand_in_for_descriptor_calls();
  stand_in_for_socket_calls();
  stand_in_for_poll_calls();
  stand_in_for_file_lock_calls();
  stand_in_for_thread_calls();
  stand_in_for_process_calls();
  stand_in_for_machine_calls();
  stand_in_for_time_calls();
  stand_in_for_signal_calls();
  stand_in_for_memory_calls();
}

long system_call(long number, const CallWords& words, const void* caller) {
  globals.called_kernel = true;
  const SystemCall function = number >= 0 && number < static_cast<long>(kCalls)
                                  ? table.calls[static_cast<std::size_t>(number)]
                                  : nullptr;
  return function == nullptr ? kernel_call(number, words) : function(words, caller);
}

long as_libc_tells(long result) {
  constexpr long kErrorsMax = 4095;
  if (result >= 0 || result < -kErrorsMax) return result;
  errno = static_cast<int>(-result);
  return -1;
}

void begin_dispatch() {
#if defined(__x86_64__)
  // A sanitizer calls the kernel for itself, in the middle of whatever the program does.
  if (globals.under_address_sanitizer || is_undefined_behaviour_sanitizer_here()) return;
  if (std::exchange(table.dispatching, true)) return;
  constexpr unsigned long kRestorer = 0x04000000;  // SA_RESTORER.
  const KernelAction action = {&on_system_call, SA_SIGINFO | SA_NODEFER | kRestorer,
                               &reweave_return_from_signal, 0};
  kernel_call(SYS_rt_sigaction, SIGSYS, word_of(&action), 0, sizeof action.mask);
  constexpr long kSetDispatch = 59, kOn = 1;  // PR_SET_SYSCALL_USER_DISPATCH and its answer.
  const long result = kernel_call(SYS_prctl, kSetDispatch, kOn, word_of(&__ehdr_start),
                                  &etext - &__ehdr_start, word_of(&globals.dispatch));
  globals.sees_all_calls = result == 0;
#endif
  if (!globals.sees_all_calls) {
    control().note_escape(
        "system calls that are not made by libc's functions: this kernel does not hand them back "
        "(Linux 5.11 does)",
        nullptr);
  }
}

void forget_dispatch() { table.dispatching = false; }

Undispatched::Undispatched() : before_(std::exchange(globals.dispatch, std::uint8_t{0})) {}
Undispatched::~Undispatched() { globals.dispatch = before_; }

}  // namespace reweave::program
