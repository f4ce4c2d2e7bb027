#include "scheduler/strategy/mix.h"

#include <array>
#include <utility>

namespace reweave {

Mix::Member Mix::member_of(std::uint64_t execution) {
  using enum Member;
  static constexpr std::array<Member, kPeriod> kTurns = {
      kSurw, kSurw, kUrw,  kSurw,       kSurw, kPos,  kSurw, kSurw,
      kUrw,  kSurw, kSurw, kRandomWalk, kSurw, kPct2, kPct3, kFewDeviations};
  return execution == 0 ? kPos : kTurns[(execution - 1) % kPeriod];
}

Strategy& Mix::member(Member member) {
  switch (member) {
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
  return pos_;
}

void Mix::begin(Prng prng, std::uint64_t execution) {
  watched_ = !std::exchange(began_, true);
  current_ = &member(member_of(execution));
  if (watched_ && current_ != &surw_) surw_.begin(prng, execution);
  if (watched_ && current_ != &urw_) urw_.begin(prng, execution);
  current_->begin(prng, execution);
}

void Mix::attach(Execution& execution) {
  if (watched_ && current_ != &surw_) surw_.attach(execution);
  if (watched_ && current_ != &urw_) urw_.attach(execution);
  current_->attach(execution);
}

std::uint32_t Mix::choose(const Question& question) {
  const std::uint32_t answer = current_->choose(question);
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
  if (current_ != &surw_) surw_.watch(question, answer);
  if (current_ != &urw_) urw_.watch(question, answer);
}

bool Mix::end(const Execution& execution) {
  if (!watched_) return current_->end(execution);
  for (Strategy* const learner : {static_cast<Strategy*>(&surw_), static_cast<Strategy*>(&urw_),
                                  static_cast<Strategy*>(&pct_2_), static_cast<Strategy*>(&pct_3_),
                                  static_cast<Strategy*>(&few_deviations_)}) {
    if (learner != current_) (void)learner->end(execution);
  }
  return current_->end(execution);
}

}  // namespace reweave
