// What a campaign does, as an endless list of units: each is a hunt of its own process, with an arm
// (a target and a strategy), a seed and a number of executions.
//
// Unit u is a function of (seed of the campaign, u) alone, but for its arm: every second one, drawn
// by chance, goes to the arm that has found something new most lately. So it does not matter who
// does a unit and when: shard i of n does those with u % n = i, and a budget of executions is the
// beginning of the list, whoever shares it. Units grow, so that a campaign of a minute tries every
// arm and one of a night does not spend its time starting processes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace reweave::repro {

/// How an arm fared.
struct ArmRecord {
  std::uint64_t units = 0;
  std::uint64_t executions = 0;
  std::uint64_t questions = 0;  // That its executions asked.
  std::uint64_t stopped = 0;    // Executions that a limit stopped.
  std::uint64_t found = 0;      // Signatures that nobody knew.
  std::uint64_t credit = 0;     // kNew for each of them; half of it is lost with each unit.
  bool exhausted = false;       // Its target was tried out.
  bool operator==(const ArmRecord&) const = default;

  static constexpr std::uint64_t kNew = 1024;
  void add_unit(std::uint64_t ran, std::uint64_t found_new);
};

struct Unit {
  std::uint64_t number = 0;
  std::uint64_t seed = 0;
  std::uint64_t executions = 0;
  std::size_t arm = 0;      // The one that is drawn.
  bool may_choose = false;  // The arm with the most credit does it instead, if there is one.
};

class Plan {
 public:
  static constexpr std::uint64_t kFirst = 1'000, kGroup = 16, kDoublings = 10;

  /// `arms` is at least 1; `executions`: the budget, 0: none.
  Plan(std::uint64_t seed, std::size_t arms, std::uint64_t executions)
      : seed_(seed), arms_(arms), executions_(executions) {}

  /// None: the budget ends before it.
  std::optional<Unit> unit(std::uint64_t number) const;

 private:
  std::uint64_t seed_;
  std::size_t arms_;
  std::uint64_t executions_;
};

/// The arm that does `unit`; none: all are exhausted. An exhausted one gives its units to the next.
std::optional<std::size_t> choose_arm(const Unit& unit, std::span<const ArmRecord> arms);

}  // namespace reweave::repro
