// Reads-from: aims at what reads have not read yet.
//
// After Wolff, Shi, Duck, Mathur, Roychoudhury, "Greybox Fuzzing for Concurrency Testing", ASPLOS
// 2024 (RFF). An execution follows an abstract schedule: at most kConstraintsMax constraints over
// places in the code (read_pairs.h),
//
//     r <- w    some read at r takes its value from a write at w (or from the beginning)
//     r </- w   no read at r takes its value from a write at w
//
// whoever passes those places, and however often. A step that would break a constraint is held
// back as long as anybody else can go on:
//
//     r <- w    a step at r, until w has written there; then every other step that changes the
//               object, until somebody was at r, who goes first
//     r </- w   a step at r, while w has written last; a step at w always
//
// Nothing is blocked: where all are held, one of them goes on, and the constraint may be broken.
// Among those that are not held the order is that of places (site_order.h); in one execution of
// four it is a priority drawn for each step.
//
//     A: lock 1, …, unlock   then   A: lock 2, …, unlock        with "B's lock 2 <- initial" A
// waits
//     B: lock 1, …, unlock   then   B: lock 2, …, unlock        before its lock 2 until B had it
//
// Which constraints: one execution of 16 follows none. The others take an abstract schedule from
// the corpus, or, while there are pairs that have hardly been aimed at, mostly an empty one, and
// change it: a constraint is added, drawn by weight (a pair that was never seen, and was not aimed
// at often, weighs most), one is dropped, or turned into its opposite; one alone gets a second one
// in one execution of two. An abstract schedule in
// whose execution a pair was seen that never was before, or a set of pairs, enters the corpus;
// those whose sets of pairs were seen least often are taken more often.
//
// Where we differ from RFF: it holds back one step by one level of priority, we as long as others
// can go on; it mutates in AFL, we draw by what is new; and locks have pairs, too, so that a thread
// is held before the lock that it needs for what it would do.
//
// Only `run` is answered so, and `preempt` in one execution of two, where its options say who would
// go on instead; the others as in POS (pos.h). An execution depends on what earlier ones saw. Cost:
// for each option a comparison with each constraint, and what read_pairs.h says.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "scheduler/engine/engine_state.h"
#include "scheduler/strategy/read_pairs.h"
#include "scheduler/strategy/site_order.h"
#include "scheduler/strategy/strategy.h"
#include "scheduler/strategy/swarm.h"

namespace reweave {

class ReadsFrom final : public Strategy {
 public:
  static constexpr std::uint32_t kConstraintsMax = 4, kCorpusMax = 64;

  struct Constraint {
    SiteId read{}, write{};
    bool positive = true;  // It reads from there; else it never does.
    bool operator==(const Constraint&) const = default;
  };
  /// An abstract schedule.
  struct Constraints {
    std::array<Constraint, kConstraintsMax> all{};
    std::uint32_t count = 0;
  };

  void begin(Prng prng, std::uint64_t execution) override;
  std::uint32_t choose(const Question& question) override;
  bool wants_steps() const override { return true; }
  /// Ties are drawn apart: an execution of an engine and one that is asked differ.
  bool fast_form(FastForm& form) override;
  void pass(const Question& question) override { watch(question, 0); }
  /// Learns from an execution that another strategy answers, after begin(): the answer to a
  /// question, or 0 at a point that was passed.
  void watch(const Question& question, std::uint32_t answer);
  bool end(const Execution& execution) override;

  /// Instead of those drawn by begin(), until the next one: at most kConstraintsMax.
  void follow(std::span<const Constraint> constraints);
  /// What this execution follows.
  std::span<const Constraint> constraints() const {
    return {following_.all.data(), following_.count};
  }

 private:
  friend struct ReadsFromPolicy;
  enum class Band : std::uint8_t { kHeld, kFree, kWanted };
  struct Entry {
    Constraints constraints;
    std::uint64_t signature = 0;
  };

  Band band(const PendingStep& step) const;
  Band band(const PendingStep& step, const Constraint& constraint) const;
  std::uint64_t priority(ActorId actor, const PendingStep& step) const;
  template <typename Options, typename Draw>
  std::uint32_t best_of(const Options& options, std::uint32_t count, const Draw& draw) const;
  void take(ActorId actor, const PendingStep& step);

  void draw_constraints();
  /// There are pairs that were not seen and have hardly been aimed at.
  bool is_young();
  const Entry& draw_entry();
  void change(Constraints& constraints);
  void add_one(Constraints& constraints);
  std::uint16_t& times_seen(std::uint64_t signature) {
    return signatures_[signature % signatures_.size()];
  }

  Prng prng_{0};
  Swarm swarm_;
  SitePriorities sites_;
  std::uint64_t step_seed_ = 0;
  bool by_step_ = false;         // The order is drawn for each step.
  bool orders_preempt_ = false;  // In this execution `preempt` is answered, too.
  Constraints following_;
  std::uint32_t open_ = 0;  // Of them, one bit each: those that still hold somebody back.
  ReadPairs pairs_;
  std::vector<std::uint32_t> taken_;  // By actor: steps.
  std::vector<Entry> corpus_;
  std::array<std::uint16_t, 4096> signatures_{};  // By hash: in how many executions.
};

}  // namespace reweave
