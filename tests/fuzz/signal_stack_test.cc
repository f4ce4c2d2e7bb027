#include "fuzz/signal_stack.h"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdint>
#include <thread>

namespace reweave::fuzz {
namespace {

volatile std::uintptr_t handled_at = 0;

[[gnu::noinline]] void note_place(int, siginfo_t*, void*) {
  handled_at = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
}

/// How far from this frame the handler of `signal` ran.
[[gnu::noinline]] std::uintptr_t distance_of(int signal) {
  const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  handled_at = here;
  raise(signal);
  EXPECT_NE(handled_at, here) << "the handler of " << signal << " did not run";
  return handled_at < here ? here - handled_at : handled_at - here;
}

/// Where an interrupted stack cannot reach to.
constexpr std::uintptr_t kFar = 256 * 1024;

/// In a thread of its own, so that nothing is left behind.
template <typename Body>
void with_handlers(Body body) {
  constexpr int kSignals[] = {SIGALRM, SIGUSR1};
  struct sigaction before[2];
  struct sigaction mine {};
  mine.sa_sigaction = note_place;
  mine.sa_flags = SA_SIGINFO;
  for (int i = 0; i < 2; ++i) ASSERT_EQ(sigaction(kSignals[i], &mine, &before[i]), 0);
  std::thread(body).join();
  for (int i = 0; i < 2; ++i) ASSERT_EQ(sigaction(kSignals[i], &before[i], nullptr), 0);
}

TEST(SignalStack, AHandlerRunsElsewhereOnceItWasMoved) {
  with_handlers([] {
    EXPECT_LT(distance_of(SIGALRM), kFar);
    move_signal_handlers();
    EXPECT_GT(distance_of(SIGALRM), kFar);
    EXPECT_GT(distance_of(SIGUSR1), kFar);
    move_signal_handlers();
    EXPECT_GT(distance_of(SIGALRM), kFar);
  });
}

TEST(SignalStack, ASignalWithoutAHandlerStaysWithout) {
  struct sigaction before {
  }, after{};
  ASSERT_EQ(sigaction(SIGUSR2, nullptr, &before), 0);
  move_signal_handlers();
  ASSERT_EQ(sigaction(SIGUSR2, nullptr, &after), 0);
  EXPECT_EQ(after.sa_handler, before.sa_handler);
  EXPECT_EQ(after.sa_flags & SA_ONSTACK, 0);
}

// What is there already, as AddressSanitizer's, is not replaced.
TEST(SignalStack, AStackThatIsThereIsUsed) {
  with_handlers([] {
    static char mine[64 * 1024];
    stack_t stack{}, before{};
    stack.ss_sp = mine;
    stack.ss_size = sizeof mine;
    ASSERT_EQ(sigaltstack(&stack, &before), 0);
    move_signal_handlers();
    (void)distance_of(SIGALRM);
    EXPECT_GE(handled_at, reinterpret_cast<std::uintptr_t>(mine));
    EXPECT_LT(handled_at, reinterpret_cast<std::uintptr_t>(mine + sizeof mine));
    ASSERT_EQ(sigaltstack(&before, nullptr), 0);
  });
}

}  // namespace
}  // namespace reweave::fuzz
