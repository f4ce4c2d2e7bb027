#include "scheduler/strategy/mix.h"

#include <utility>

#include "scheduler/base/hash.h"
#include "scheduler/base/internal_check.h"

namespace reweave {

// ---- Shares ----

void LearntShares::add(std::uint32_t member, std::uint64_t news) {
  constexpr std::uint64_t kUnit = 1024;
  CHECK(member < kMembersMax);
  members_[member].runs += kUnit;
  members_[member].news += news * kUnit;
  if (++since_halving_ < kHalfLife) return;
  since_halving_ = 0;
  for (Member& each : members_) {
    each.runs /= 2;
    each.news /= 2;
  }
}

std::optional<std::uint32_t> LearntShares::next() {
  constexpr std::uint64_t kUnit = 1 << 20;
  std::int64_t sum = 0;
  std::uint32_t most = 0;
  for (std::uint32_t i = 0; i < kMembersMax; ++i) {
    Member& member = members_[i];
    const std::uint64_t reward = member.runs == 0 ? 0 : member.news * kUnit / member.runs;
    member.credit += static_cast<std::int64_t>(reward);
    sum += static_cast<std::int64_t>(reward);
    if (member.credit > members_[most].credit) most = i;
  }
  if (sum == 0) return std::nullopt;
  members_[most].credit -= sum;
  return most;
}

// ---- Turns ----

Mix::Turn Mix::turn_of(std::uint64_t execution) {
  using enum Member;
  static constexpr bool kFixed = true, kLearnt = false;
  static constexpr std::array<Turn, kPeriod> kTurns = {{{kReadsFrom, kFixed},
                                                        {kReadsFrom, kLearnt},
                                                        {kReadsFrom, kLearnt},
                                                        {kReadsFrom, kLearnt},
                                                        {kReadsFrom, kLearnt},
                                                        {kReadsFrom, kLearnt},
                                                        {kSurw, kFixed},
                                                        {kReadsFrom, kLearnt},
                                                        {kUrw, kFixed},
                                                        {kReadsFrom, kLearnt},
                                                        {kReadsFrom, kFixed},
                                                        {kPos, kFixed},
                                                        {kFewDeviations, kFixed},
                                                        {kRandomWalk, kFixed},
                                                        {kPct2, kFixed},
                                                        {kSurw, kLearnt}}};
  if (execution == 0) return {};
  Turn turn = kTurns[(execution - 1) % kPeriod];
  if (turn.member == kPct2 && (execution - 1) / kPeriod % 2 == 1) turn.member = kPct3;
  return turn;
}

Strategy& Mix::strategy_of(Member member) {
  switch (member) {
    case Member::kReadsFrom:
      return reads_from_;
    case Member::kSurw:
      return surw_;
    case Member::kUrw:
      return urw_;
    case Member::kPos:
      return pos_;
    case Member::kRandomWalk:
      return random_walk_;
    case Member::kPct2:
      return pct_2_;
    case Member::kPct3:
      return pct_3_;
    case Member::kFewDeviations:
      return few_deviations_;
  }
  return reads_from_;
}

void Mix::begin(Prng prng, std::uint64_t execution) {
  watched_ = !std::exchange(began_, true);
  const Turn turn = turn_of(execution);
  member_ = turn.member;
  if (!turn.is_fixed && ended_ >= kYoung) {
    if (const std::optional<std::uint32_t> next = shares_.next())
      member_ = static_cast<Member>(*next);
  }
  current_ = &strategy_of(member_);
  words_ = {};
  fast_ = switched_ = false;
  news_ = course_ = 0;
  if (watched_) {
    for (Strategy* const learner : {static_cast<Strategy*>(&reads_from_),
                                    static_cast<Strategy*>(&surw_), static_cast<Strategy*>(&urw_)})
      if (learner != current_) learner->begin(prng, execution);
  }
  current_->begin(prng, execution);
}

void Mix::attach(Execution& execution) {
  if (watched_ && current_ != &surw_) surw_.attach(execution);
  if (watched_ && current_ != &urw_) urw_.attach(execution);
  current_->attach(execution);
}

std::uint32_t Mix::choose(const Question& question) {
  const std::uint32_t answer = current_->choose(question);
  if (!fast_) follow(static_cast<std::uint32_t>(question.site), answer);
  if (watched_) [[unlikely]]
    watch(question, answer);
  return answer;
}

void Mix::pass(const Question& question) {
  current_->pass(question);
  if (watched_) [[unlikely]]
    watch(question, 0);
}

void Mix::watch(const Question& question, std::uint32_t answer) {
  if (current_ != &reads_from_) reads_from_.watch(question, answer);
  if (current_ != &surw_) surw_.watch(question, answer);
  if (current_ != &urw_) urw_.watch(question, answer);
}

/// A question in the order in which they were asked.
void Mix::follow(std::uint32_t site, std::uint32_t answer) {
  if (switched_) {
    const std::uint64_t item = mix_hash(switched_at_, site) % seen_.size();
    news_ += seen_[item] ? 0 : 1;
    seen_[item] = true;
  }
  switched_ = answer != 0;
  switched_at_ = site;
  course_ = mix_hash(course_, answer);
}

bool Mix::fast_form(FastForm& form) {
  if (watched_ || !current_->fast_form(form)) return false;
  form.words = &words_;
  fast_ = true;
  return true;
}

bool Mix::end(const Execution& execution) {
  ++ended_;
  for (const std::uint32_t word : words_) follow(word >> 8, word & 0xff);
  constexpr std::uint64_t kItem = 16;
  const std::uint64_t course = course_ % seen_courses_.size();
  shares_.add(static_cast<std::uint32_t>(member_), news_ * kItem + (seen_courses_[course] ? 0 : 1));
  seen_courses_[course] = true;
  if (!watched_) return current_->end(execution);
  for (Strategy* const learner :
       {static_cast<Strategy*>(&reads_from_), static_cast<Strategy*>(&surw_),
        static_cast<Strategy*>(&urw_), static_cast<Strategy*>(&pct_2_),
        static_cast<Strategy*>(&pct_3_), static_cast<Strategy*>(&few_deviations_)}) {
    if (learner != current_) (void)learner->end(execution);
  }
  return current_->end(execution);
}

}  // namespace reweave
