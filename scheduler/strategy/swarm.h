// How often a yes/no question is answered extraordinarily, drawn anew for each execution and at one
// of three scopes.
//
// Always the same rate would either drown a run in spills and preemptions or never combine two of
// them, so each execution draws its own mixture ("swarm testing", Groce, Zhang, Eide, Chen, Regehr,
// ISSTA 2012). At which scope matters as much as how often:
//
//     scope   an example                                   what it is good at
//     kind    spill 1/4, preempt 1/32, collect never       noise everywhere
//     actor   0.3 is preempted 3 times in 4, 0.1 never     slow and fast actors: deep orders
//                                                          with few draws
//     site    preempt 1 in 4 at loader.4, nowhere else     the same unusual event each time round
//
// Slowing one actor down a little at each of its steps takes seven right answers of 200 in one of
// our scenarios; by the scope of kinds that took 1,100 executions (median of 40 seeds), by sites
// 94, by actors 25.
//
// The rate at a scope is a hash of the seed and the scope's members: nothing is remembered, nothing
// allocated.
#pragma once

#include <array>
#include <cstdint>

#include "scheduler/base/prng.h"
#include "scheduler/question.h"

namespace reweave {

enum class SwarmScope : std::uint8_t { kKind, kActor, kSite };
inline constexpr std::uint32_t kSwarmScopeCount = 3;

struct Swarm {
  SwarmScope scope{};
  std::uint64_t seed = 0;  // Of the rates at the scopes of actors and sites.
  /// For each kind 0 … 3: never, 1/256, 1/32, 1/4. At the finer scopes 0 is never, anything else
  /// lets each actor or site draw its own: never, never, 1/4, 3/4.
  std::array<std::uint8_t, kQuestionKindCount> rates{};

  /// Draws all three, for one execution.
  void draw(Prng& prng) {
    scope = static_cast<SwarmScope>(prng.below(kSwarmScopeCount));
    seed = prng.next();
    for (std::uint8_t& rate : rates) rate = static_cast<std::uint8_t>(prng.below(4));
  }

  /// Of 256 such questions how many are answered extraordinarily.
  std::uint32_t of_256(const Question& question) const;

  /// The answer: extraordinary as often as the rates say, drawn from `prng`.
  std::uint32_t answer(const Question& question, Prng& prng) const {
    const std::uint32_t rate = of_256(question);
    if (rate == 0 || prng.below(256) >= rate) return 0;
    return 1 + prng.below(question.answers - 1);
  }
};

}  // namespace reweave
