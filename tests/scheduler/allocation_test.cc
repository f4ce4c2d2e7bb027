// Counts every allocation of this test program, to show that executions make none once buffers have
// grown.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "scheduler/search/explore.h"
#include "scheduler/search/recording.h"
#include "scheduler/strategy/fuzz_input.h"
#include "scheduler/strategy/strategies.h"
#include "tests/scheduler/toys.h"

namespace {
std::uint64_t allocations = 0;
}

void* operator new(std::size_t bytes) {
  ++allocations;
  if (void* memory = std::malloc(bytes > 0 ? bytes : 1)) return memory;
  throw std::bad_alloc();
}
void* operator new[](std::size_t bytes) { return operator new(bytes); }
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(bytes > 0 ? bytes : 1);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

namespace reweave {
namespace {

template <typename Run>
std::uint64_t allocations_of(Run run) {
  const std::uint64_t before = allocations;
  run();
  return allocations - before;
}

TEST(Allocation, IsCounted) {
  EXPECT_GT(allocations_of([] { std::vector<int> v(10); }), 0u);
}

TEST(Allocation, NoneForAnExecutionOfAnyStrategyAfterWarmUp) {
  for (const StrategyInfo& info : strategies()) {
    toys::Threads subject(4, 50);
    auto strategy = make_strategy(info.name);
    const Prng root(1);
    Execution execution;
    const auto run = [&](std::uint64_t begin, std::uint64_t end) {
      for (std::uint64_t i = begin; i < end; ++i) {
        (*strategy)->begin(root.split(i), i);
        execution.begin(**strategy);
        subject.run(execution);
        (void)(*strategy)->end(execution);
      }
    };
    run(0, 1000);
    EXPECT_EQ(allocations_of([&] { run(1000, 2000); }), 0u) << info.name;
  }
}

TEST(Allocation, NoneForAPlanDecodedAndRunAfterWarmUp) {
  toys::Threads subject(4, 50);
  Plan plan;
  FuzzInput strategy(plan);
  Execution execution;
  Prng prng(1);
  std::array<std::uint8_t, Plan::kBytesMax> bytes{};
  const auto run = [&] {
    for (int i = 0; i < 1000; ++i) {
      for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(prng.next());
      decode_plan(bytes, plan);
      execution.begin(strategy);
      subject.run(execution);
    }
  };
  run();
  EXPECT_EQ(allocations_of(run), 0u);
}

TEST(Allocation, NoneForEachExecutionOfAnExploration) {
  toys::Threads subject(4, 50);
  auto strategy = make_strategy("random-walk");
  const auto run = [&](std::uint64_t executions) {
    return allocations_of(
        [&] { (void)explore(subject, **strategy, {.budget = {.executions = executions}}); });
  };
  EXPECT_EQ(run(2000), run(4000)) << "only the warm-up allocates";
}

}  // namespace
}  // namespace reweave
