#include "fuzz/signal_stack.h"

#include <csignal>
#include <cstddef>

#include "scheduler/base/internal_check.h"

namespace reweave::fuzz {
namespace {

// Enough for a report with symbols, which is written on it when an input takes too long.
constexpr std::size_t kStackBytes = std::size_t{256} * 1024;
alignas(16) std::byte signal_stack[kStackBytes];

// Those that a fault raises are AddressSanitizer's own affair.
constexpr int kSignals[] = {SIGALRM, SIGINT, SIGTERM, SIGHUP, SIGXFSZ, SIGUSR1, SIGUSR2};

bool is_handled(const struct sigaction& action) {
  return (action.sa_flags & SA_SIGINFO) != 0 ||
         (action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN);
}

// AddressSanitizer has made one, which it frees itself when the thread ends.
bool has_signal_stack() {
  stack_t present{};
  CHECK(sigaltstack(nullptr, &present) == 0);
  return (present.ss_flags & SS_DISABLE) == 0;
}

}  // namespace

void move_signal_handlers() {
  bool any = false;
  for (const int signal : kSignals) {
    struct sigaction action {};
    if (sigaction(signal, nullptr, &action) != 0 || !is_handled(action)) continue;
    if (!any && !has_signal_stack()) {
      stack_t stack{};
      stack.ss_sp = signal_stack;
      stack.ss_size = kStackBytes;
      CHECK(sigaltstack(&stack, nullptr) == 0);
    }
    any = true;
    action.sa_flags |= SA_ONSTACK;
    CHECK(sigaction(signal, &action, nullptr) == 0);
  }
}

}  // namespace reweave::fuzz
