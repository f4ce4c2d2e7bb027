// For users: tries the interleavings of a piece of their own program, in a test of any framework.
//
//   #include <reweave/check.h>
//
//   TEST(Counter, IsExact) {
//     const reweave::CheckResult result = reweave::check([] {
//       Counter counter;
//       std::thread a([&] { counter.add(1); }), b([&] { counter.add(1); });
//       a.join();
//       b.join();
//       if (counter.value() != 2) reweave::fail("an addition was lost");
//     });
//     EXPECT_TRUE(result) << result.report;
//   }
//
// With GoogleTest the same is REWEAVE_TEST(Counter, IsExact) { … }, in which EXPECT_… and ASSERT_…
// count, too.
//
// The body is run again and again, each time with memory as it was when check() was called: global
// variables, the heap, and what lies on the caller's stack. What it writes is shown only where
// something is found. Files, sockets and other processes are not put back.
//
// To build: link reweave::program (CMake), or use reweave-c++, or the flags of
// `pkg-config --cflags --libs reweave-program`; with GoogleTest, for example:
//   reweave-c++ -std=c++20 -g my_test.cc -lgtest -lgtest_main -o my_test
// C++20, x86-64 Linux.
#pragma once

#if __cplusplus < 202002L
#error "reweave/check.h needs C++20: compile this file with -std=c++20"
#endif

#include <cstdint>
#include <cstdio>
#include <string>
#include <type_traits>

extern "C" {

/// The interface to libreweave_program. Texts in an answer live until the next call.
struct reweave_check_request {
  const char* name;
  const char* strategy;  // Null: the default.
  std::uint64_t executions;
  std::uint64_t seed;
  const char* schedule;  // Null: hunt.
  int races;
  void (*body)(void* argument);
  void* argument;
};
struct reweave_check_answer {
  int passed;
  std::uint64_t executions;
  const char* signature;
  const char* report;
  const char* schedule;
};
void reweave_check(const struct reweave_check_request* request,
                   struct reweave_check_answer* answer);
void reweave_fail(const char* message);
void reweave_main_returned(int code, int (*main)(int, char**, char**));
}

namespace reweave {
namespace internal {

/// Calls it without inlining it, so that it has a name of its own in reports and schedules.
template <typename Body>
void call(Body& body) {
  if constexpr (requires { &Body::operator(); }) {
    const auto volatile function = &Body::operator();
    (body.*function)();
  } else {
    body();
  }
}

}  // namespace internal

struct CheckOptions {
  /// Of the test: it stands in the report and names the file of the repro. Letters, digits, and
  /// "._-/", at most 100.
  const char* name = "body";
  /// As many as are tried before it passes.
  std::uint64_t executions = 10'000;
  std::uint64_t seed = 1;
  /// See `reweave help strategies`; null: the mix.
  const char* strategy = nullptr;
  /// Do not hunt, but repeat this one: a schedule as a report prints it, the path of a `.weave`, or
  /// the whole text of one, whose settings count then.
  /// The variable REWEAVE_SCHEDULE says the same for a test that is already built.
  const char* schedule = nullptr;
  /// Two accesses that nothing orders, one of them a write, are a finding, whether they do harm or
  /// not.
  bool races = false;
};

/// To be looked at: a result that is dropped is a finding that nobody hears of.
struct [[nodiscard]] CheckResult {
  bool passed = false;
  std::uint64_t executions = 0;
  /// What was found, in the words by which it is counted once; "" if nothing was.
  std::string signature{};
  /// For a person: what was found, who waits for whom, the schedule, how to repeat it. If passed:
  /// that nothing was explored, for nobody but the body was there, or that a limit stopped every
  /// execution; else "".
  std::string report{};
  /// The decisions, shrunk, for CheckOptions::schedule; "" if nothing was found.
  std::string schedule{};
  explicit operator bool() const { return passed; }
};

/// Explores `body()`, which takes nothing and whose result is not used. What is found is shrunk and
/// written into the folder that REWEAVE_OUTPUT names, else `findings`. Not found within the budget
/// is passed. An error (a strategy that is not there, a schedule that cannot be read, a process
/// with other threads) is not passed, and the report says why. To be called on the main thread.
/// Inside of an execution, also under `reweave hunt -- PROGRAM`, it just calls the body.
template <typename Body>
CheckResult check(Body&& body, const CheckOptions& options = {}) {
  using Function = std::remove_reference_t<Body>;
  const reweave_check_request request = {
      options.name,
      options.strategy,
      options.executions,
      options.seed,
      options.schedule,
      options.races ? 1 : 0,
      [](void* function) { internal::call(*static_cast<Function*>(function)); },
      const_cast<void*>(static_cast<const void*>(&body))};
  reweave_check_answer answer{};
  reweave_check(&request, &answer);
  CheckResult result;
  result.passed = answer.passed != 0;
  result.executions = answer.executions;
  result.signature = answer.signature;
  result.report = answer.report;
  result.schedule = answer.schedule;
  return result;
}

/// Ends the execution with a finding of kind `assertion`; outside of one it aborts.
[[noreturn]] inline void fail(const char* message) {
  reweave_fail(message);
  __builtin_unreachable();
}

/// For a body that calls the main() of a program: what the process would do when main has returned,
/// so that an exit code other than 0 is a finding, as it is for `reweave hunt -- PROGRAM`.
inline void main_returned(int code, int (*main)(int, char**, char**)) {
  reweave_main_returned(code, main);
}

}  // namespace reweave

/// A test of GoogleTest whose body is explored; include gtest before.
#define REWEAVE_TEST(suite, name)                                                          \
  __attribute__((noinline)) static void reweave_body_##suite##_##name();                   \
  TEST(suite, name) {                                                                      \
    const ::reweave::CheckResult result = ::reweave::check(                                \
        [] {                                                                               \
          reweave_body_##suite##_##name();                                                 \
          if (::testing::Test::HasFailure()) ::reweave::fail("a test expectation failed"); \
        },                                                                                 \
        {#suite "." #name});                                                               \
    EXPECT_TRUE(result.passed) << result.report;                                           \
    if (result.passed) std::fputs(result.report.c_str(), stderr);                          \
  }                                                                                        \
  static void reweave_body_##suite##_##name()
