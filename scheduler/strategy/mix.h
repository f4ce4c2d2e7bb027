// Mix: strategies for threads in turn, and more turns for those that show more that is new; the
// default of a hunt in a program.
//
// In a program every access that threads share is a question, and the orders of a few of them make
// the bug. Reads-from reaches most bugs in the fewest executions; what it is weak at is left to
// SURW, URW, POS, the random walk, PCT with d = 2 and 3 and few deviations. Half of the turns are
// fixed: two of 16 for reads-from, one for each of the others. Whose the other half is, is learnt.
//
//     execution  0 | 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 | 17 …
//     fixed      R | R           S   U    R  P  F  W  2     | R …      R reads-from, S SURW, U URW
//     learnt       |   r r r r r   r   r                 s  |          P POS, W random walk, 2 PCT,
//                                                                      then 3, F few deviations
//
// What is learnt: an item is a place at which an actor was interrupted with the place that another
// one came to next. A member is rewarded with the new items for each of its executions, of late;
// what it has seen counts half after kHalfLife executions. An execution whose answers are none of
// an earlier one counts as a sixteenth of an item: in a small program there are soon no new items,
// and who repeats itself gets fewer turns. A turn goes to the members in proportion to their
// rewards, by deficit: each gets its share as a credit, who has most pays for the turn. Until
// kYoung executions, and where nobody shows anything new, they have the shares above. Integers
// only.
//
// Whether a turn is fixed depends on the number of the execution alone, so that shards, and
// processes that take every n-th, give a number to the same member. What is learnt depends on the
// executions of its shard. The first one of a shard is watched by all that learn, whoever answers:
// none of them spends an execution of its own on measuring. The worst case is 16 times the cost of
// the best member. Cost: that of the member, and a look at each answer of an execution.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <optional>
#include <span>

#include "scheduler/strategy/few_deviations.h"
#include "scheduler/strategy/pct.h"
#include "scheduler/strategy/pos.h"
#include "scheduler/strategy/random_walk.h"
#include "scheduler/strategy/reads_from.h"
#include "scheduler/strategy/strategy.h"
#include "scheduler/strategy/surw.h"
#include "scheduler/strategy/urw.h"

namespace reweave {

/// Shares that follow what is new: deterministic, integers only.
class LearntShares {
 public:
  static constexpr std::uint32_t kMembersMax = 16, kHalfLife = 256;

  /// `member` ran an execution that showed so many new items.
  void add(std::uint32_t member, std::uint64_t news);
  /// Whose the next turn is; nothing if nobody showed anything new of late.
  std::optional<std::uint32_t> next();

 private:
  struct Member {
    std::uint64_t runs = 0;  // Both halved now and then, and counted in units of 1/1024.
    std::uint64_t news = 0;
    std::int64_t credit = 0;
  };
  std::uint32_t since_halving_ = 0;
  std::array<Member, kMembersMax> members_{};
};

class Mix final : public Strategy {
 public:
  enum class Member : std::uint8_t {
    kReadsFrom,
    kSurw,
    kUrw,
    kPos,
    kRandomWalk,
    kPct2,
    kPct3,
    kFewDeviations
  };
  static constexpr std::uint64_t kPeriod = 16, kYoung = 128;
  struct Turn {
    Member member{};
    bool is_fixed = true;  // Else the member's until something is learnt.
  };
  /// Whose turn it is.
  static Turn turn_of(std::uint64_t execution);

  void begin(Prng prng, std::uint64_t execution) override;
  void attach(Execution& execution) override;
  std::uint32_t choose(const Question& question) override;
  bool wants_steps() const override { return watched_ || current_->wants_steps(); }
  bool fast_form(FastForm& form) override;
  void pass(const Question& question) override;
  bool end(const Execution& execution) override;

  /// Who answers in this execution.
  Member member() const { return member_; }

 private:
  Strategy& strategy_of(Member member);
  void watch(const Question& question, std::uint32_t answer);
  void follow(std::uint32_t site, std::uint32_t answer);

  ReadsFrom reads_from_;
  Surw surw_;
  Urw urw_;
  Pos pos_;
  RandomWalk random_walk_;
  Pct pct_2_{2};
  Pct pct_3_{3};
  FewDeviations few_deviations_;
  Member member_ = Member::kReadsFrom;
  Strategy* current_ = &reads_from_;
  bool began_ = false;
  bool watched_ = false;  // This execution, the first one, is watched by those that learn.
  std::uint64_t ended_ = 0;
  LearntShares shares_;
  std::bitset<1 << 16> seen_;          // Items, by hash.
  std::bitset<1 << 20> seen_courses_;  // All answers of an execution, by hash.
  // Of this execution:
  bool fast_ = false;                     // An engine does not ask, …
  std::span<const std::uint32_t> words_;  // … and these are its questions at the end.
  bool switched_ = false;                 // The last answer was not the ordinary one, …
  std::uint32_t switched_at_ = 0;         // … and given there.
  std::uint64_t news_ = 0;
  std::uint64_t course_ = 0;
};

}  // namespace reweave
