// A plan: a short hint for one execution, made to be mutated by a fuzzer.
//
// A schedule is exact and breaks when the program changes; a plan is loose and always applies: "the
// third time that site 7 is asked whether to spill, say yes; at question 120 answer 2; preempt once
// in 256 times; the rest is drawn from this seed". Plans survive mutation of the program they go
// with, every string of bytes is one, and close plans do close things. That is what a fuzzer needs;
// what it found is then recorded as a schedule.
//
// Bytes, little endian; what is missing at the end is 0, and a broken item at the end is ignored:
//
//     at  bytes
//      0  4   seed
//      4  2   rates: two bits for each kind of question, `run` in the lowest (see swarm.h); above
//             them two bits of scope: 0 kind, 1 actor, 2 site, 3 kind
//      6  6n  items of six bytes each:
//               1  kind, + 128 if the position is an index
//               2  position: the question's index, or the site
//               2  nth
//               1  answer - 1
//
//     07 00 00 00   00 00   02 03 00 02 00 00
//     seed 7        rates   kind 2 (spill), at site 3, for the 3rd time there: answer 1
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "scheduler/base/prng.h"
#include "scheduler/question.h"
#include "scheduler/strategy/swarm.h"

namespace reweave {

struct Plan {
  static constexpr std::size_t kItemsMax = 32;
  static constexpr std::size_t kHeadBytes = 6, kItemBytes = 6;
  static constexpr std::size_t kBytesMax = kHeadBytes + kItemsMax * kItemBytes;

  struct Item {
    QuestionKind kind{};
    bool by_index = false;  // Else by site.
    /// By index: of the question, of whatever kind. By site: the low 16 bits of its number.
    std::uint16_t position = 0;
    /// By site: from 0, the n-th time that anybody is asked this kind there.
    std::uint16_t nth = 0;
    /// The answer is 1 + this, modulo what is possible: never the ordinary one.
    std::uint8_t answer = 0;
    bool operator==(const Item&) const = default;
  };

  std::uint32_t seed = 0;
  SwarmScope scope{};
  std::array<std::uint8_t, kQuestionKindCount> rates{};  // 0 … 3, as in Swarm.
  std::vector<Item> items;  // At most kItemsMax; the first that fits counts.
  bool operator==(const Plan&) const = default;
};

/// A place where a question was seen, for mutations that aim.
struct PlanTarget {
  QuestionKind kind{};
  SiteId site{};
};

/// Any bytes are a plan; more than kBytesMax are cut off. `plan` is reused: nothing is allocated
/// once it has grown.
void decode_plan(std::span<const std::uint8_t> bytes, Plan& plan);

/// Appends the bytes of `plan`; decoding them gives it back.
void encode_plan(const Plan& plan, std::vector<std::uint8_t>& bytes);

/// One small change. Where a place is wanted it is one of `targets`, or any if there is none. The
/// result is always a plan.
void mutate_plan(Plan& plan, Prng& prng, std::span<const PlanTarget> targets = {});

/// Items of both, rates of either. The result is always a plan.
Plan cross_plans(const Plan& a, const Plan& b, Prng& prng);

}  // namespace reweave
