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
//     0   4  seed
//     4   2  rates: two bits for each kind, `run` lowest, see swarm.h; then two bits of scope:
//     kind, actor, site, kind 6  6n  items:  kind + 128 if by index | position, 2 bytes | nth, 2
//     bytes | answer - 1
//
//     07 00 00 00  00 00   02 03 00 02 00 00     seed 7, nothing at random; the 3rd `spill` at site
//     3 is answered 1
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
    std::uint16_t position =
        0;  // By index: of the question, of whatever kind. By site: the low 16 bits of its number.
    std::uint16_t nth = 0;  // By site: from 0, the n-th time that anybody is asked this kind there.
    std::uint8_t answer =
        0;  // The answer is 1 + this, modulo what is possible: never the ordinary one.
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
