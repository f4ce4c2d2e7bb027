// No execution allocates once the first ones have warmed everything up: operator new is counted
// here, what the runtime takes from malloc for slices and arena is counted by themselves.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <new>
#include <sstream>
#include <utility>

#include "runtime/interpreter/scenario_subject.h"
#include "runtime/language/text.h"
#include "scheduler/strategy/random_walk.h"

namespace {
std::uint64_t allocations = 0;
}

// Not inlined: gcc would see a free() of what a new had made, and warn.
[[gnu::noinline]] void* operator new(std::size_t bytes) {
  ++allocations;
  if (void* memory = std::malloc(bytes > 0 ? bytes : 1)) return memory;
  throw std::bad_alloc();
}
void* operator new[](std::size_t bytes) { return operator new(bytes); }
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { operator delete(memory); }
void operator delete(void* memory, std::size_t) noexcept { operator delete(memory); }
void operator delete[](void* memory, std::size_t) noexcept { operator delete(memory); }

namespace reweave::runtime {
namespace {

Scenario scenario_of(const std::string& name) {
  std::ifstream file(REWEAVE_SCENARIOS "/" + name + ".weave");
  std::string first;
  std::getline(file, first);
  std::stringstream text;
  text << file.rdbuf();
  return *parse_scenario(text.str(), name);
}

std::uint64_t taken(const ScenarioSubject& subject) {
  const Thread& thread = std::as_const(subject).interpreter().thread();
  return allocations + thread.shared().slice_cache.counts().allocations +
         thread.heap().chunk_count();
}

TEST(Allocation, NoneForAnExecutionAfterWarmUp) {
  for (const char* const name : {"blog", "d1", "d2", "d3"}) {
    for (const Switching switching : {Switching::kSoft, Switching::kHard}) {
      Settings settings;
      settings.switching = switching;
      ScenarioSubject subject(scenario_of(name), settings);
      Execution execution(settings.limits);
      RandomWalk walk;
      const Prng root(9);
      const auto run = [&](std::uint64_t count) {
        for (std::uint64_t i = 0; i < count; ++i) {
          walk.begin(root.split(i % 100), i % 100);
          execution.begin(walk);
          subject.run(execution);
        }
      };
      run(200);
      const std::uint64_t before = taken(subject);
      run(1000);
      EXPECT_EQ(taken(subject), before) << name;
    }
  }
}

TEST(Allocation, IsCounted) {
  const std::uint64_t before = allocations;
  int* volatile kept = new int(1);  // Volatile: a compiler may leave out a pair that nobody sees.
  delete kept;
  EXPECT_EQ(allocations, before + 1);
}

}  // namespace
}  // namespace reweave::runtime
