#include "scheduler/strategy/reads_from.h"

#include <algorithm>

#include "scheduler/base/internal_check.h"
#include "scheduler/engine/policy.h"

namespace reweave {

// ---- What is held back ----

ReadsFrom::Band ReadsFrom::band(const PendingStep& step, const Constraint& constraint) const {
  if (reads(step.access) && step.site == constraint.read) {
    const bool is_from = pairs_.writer(step) == constraint.write;
    if (is_from == constraint.positive) return is_from ? Band::kWanted : Band::kFree;
    return Band::kHeld;
  }
  if (!changes(step.access) || step.access == Access::kRelease) return Band::kFree;
  if (!constraint.positive) return step.site == constraint.write ? Band::kHeld : Band::kFree;
  // It would overwrite what is to be read.
  const bool overwrites = step.site != constraint.write && pairs_.meets(step, constraint.read) &&
                          pairs_.writer(step) == constraint.write;
  return overwrites ? Band::kHeld : Band::kFree;
}

ReadsFrom::Band ReadsFrom::band(const PendingStep& step) const {
  Band band = Band::kFree;
  if (step.access == Access::kNone) return band;
  for (std::uint32_t i = 0; i < following_.count; ++i) {
    if ((open_ >> i & 1) == 0) continue;
    const Band of_one = this->band(step, following_.all[i]);
    if (of_one == Band::kHeld) return of_one;
    band = std::max(band, of_one);
  }
  return band;
}

std::uint64_t ReadsFrom::priority(ActorId actor, const PendingStep& step) const {
  if (!by_step_) return sites_.of(step);
  const auto index = static_cast<std::size_t>(actor);
  const std::uint64_t nth = index < taken_.size() ? taken_[index] : 0;
  const std::uint64_t which = nth << 32 | static_cast<std::uint64_t>(actor);
  return mix_hash(mix_hash(step_seed_, which), which) >> 1;
}

/// `options(i)`: an Option. `draw(n)`: 0 … n-1.
template <typename Options, typename Draw>
std::uint32_t ReadsFrom::best_of(const Options& options, std::uint32_t count,
                                 const Draw& draw) const {
  Band highest_band = Band::kHeld;
  std::uint64_t highest = 0;
  std::uint32_t best = 0, alike = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    const Option option = options(i);
    const Band its_band = open_ == 0 ? Band::kFree : band(option.next);
    if (its_band < highest_band) continue;
    const std::uint64_t its = priority(option.actor, option.next);
    const bool is_higher = its_band > highest_band || its > highest;
    if (!is_higher && its != highest) continue;
    alike = is_higher ? 1 : alike + 1;
    highest_band = its_band;
    highest = its;
    if (alike == 1 || draw(alike) == 0) best = i;
  }
  return best;
}

void ReadsFrom::take(ActorId actor, const PendingStep& step) {
  if (by_step_) {
    const auto index = static_cast<std::size_t>(actor);
    if (index >= taken_.size()) taken_.resize(index + 1);
    ++taken_[index];
  }
  for (std::uint32_t i = 0; i < following_.count; ++i) {
    const Constraint& constraint = following_.all[i];
    const bool is_met = constraint.positive && step.site == constraint.read && reads(step.access) &&
                        pairs_.writer(step) == constraint.write;
    if (is_met) open_ &= ~(1u << i);
  }
  pairs_.take(actor, step);
}

// ---- An execution ----

std::uint32_t ReadsFrom::choose(const Question& question) {
  if (question.kind == QuestionKind::kPick || question.kind == QuestionKind::kFire)
    return prng_.below(question.answers);
  const bool ordered = question.kind == QuestionKind::kRun ||
                       (question.kind == QuestionKind::kPreempt && orders_preempt_);
  if (!ordered || question.options.empty()) return swarm_.answer(question, prng_);
  const std::uint32_t answer = best_of([&](std::uint32_t i) { return question.options[i]; },
                                       static_cast<std::uint32_t>(question.options.size()),
                                       [&](std::uint32_t bound) { return prng_.below(bound); });
  watch(question, answer);
  return answer;
}

void ReadsFrom::watch(const Question& question, std::uint32_t answer) {
  const bool is_step =
      question.kind == QuestionKind::kRun || question.kind == QuestionKind::kPreempt;
  if (!is_step || question.options.empty()) return;
  // What an actor did before there were others is what all of them begin with.
  if (question.options.size() == 1 && question.blocked.empty()) return;
  take(question.options[answer].actor, question.options[answer].next);
}

struct ReadsFromPolicy {
  static Option option(const EngineState& state, std::uint32_t i) {
    const Actor actor = state.order[i];
    return {ActorId{actor}, Pending::of_word(state.pending[actor]).step()};
  }

  static std::uint32_t choose(EngineState& state, std::uint32_t answers) {
    auto& strategy = *static_cast<ReadsFrom*>(state.policy_data);
    const std::uint32_t answer =
        strategy.best_of([&](std::uint32_t i) { return option(state, i); }, answers,
                         [&](std::uint32_t bound) { return draw_below(state.rng, bound); });
    const Option chosen = option(state, answer);
    strategy.take(chosen.actor, chosen.next);
    return answer;
  }

  static void alone(EngineState& state) {
    const Option chosen = option(state, 0);
    static_cast<ReadsFrom*>(state.policy_data)->take(chosen.actor, chosen.next);
  }
};

bool ReadsFrom::fast_form(FastForm& form) {
  static constexpr Policy kPolicy = {.point = &pass_point<ReadsFromPolicy>,
                                     .depart = &depart<ReadsFromPolicy>,
                                     .choose = &ReadsFromPolicy::choose,
                                     .alone = &ReadsFromPolicy::alone};
  form.policy = &kPolicy;
  form.data = this;
  form.seed = prng_.split("run").next();
  return true;
}

void ReadsFrom::begin(Prng prng, std::uint64_t /*execution*/) {
  prng_ = prng;
  swarm_.draw(prng_);
  orders_preempt_ = prng_.below(2) == 0;
  sites_.draw(prng_);
  by_step_ = prng_.below(4) == 0;
  step_seed_ = prng_.next();
  std::fill(taken_.begin(), taken_.end(), 0);
  pairs_.begin();
  draw_constraints();
}

bool ReadsFrom::end(const Execution& /*execution*/) {
  const std::uint64_t signature = pairs_.signature();
  std::uint16_t& seen = times_seen(signature);
  const bool is_new = seen == 0 || pairs_.news() != 0;
  if (seen != UINT16_MAX) ++seen;
  if (!is_new || following_.count == 0) return true;
  if (corpus_.size() < kCorpusMax) {
    corpus_.push_back({following_, signature});
    return true;
  }
  // In place of the one whose pairs were seen most often.
  const auto most =
      std::max_element(corpus_.begin(), corpus_.end(), [this](const Entry& a, const Entry& b) {
        return times_seen(a.signature) < times_seen(b.signature);
      });
  *most = {following_, signature};
  return true;
}

// ---- Which constraints ----

void ReadsFrom::follow(std::span<const Constraint> constraints) {
  CHECK(constraints.size() <= kConstraintsMax);
  std::copy(constraints.begin(), constraints.end(), following_.all.begin());
  following_.count = static_cast<std::uint32_t>(constraints.size());
  open_ = (1u << following_.count) - 1;
}

void ReadsFrom::draw_constraints() {
  following_.count = 0;
  open_ = 0;
  if (pairs_.pairs().empty() || prng_.below(16) == 0) return;
  Constraints drawn;
  const std::uint32_t of_corpus = is_young() ? 1 : 8;  // Of 16.
  if (!corpus_.empty() && prng_.below(16) < of_corpus) drawn = draw_entry().constraints;
  change(drawn);
  if (drawn.count == 1 && prng_.below(2) == 0) add_one(drawn);
  follow({drawn.all.data(), drawn.count});
}

bool ReadsFrom::is_young() {
  constexpr std::uint32_t kTries = 3;
  const std::span<const ReadPairs::Pair> pairs = pairs_.pairs();
  return std::any_of(pairs.begin(), pairs.end(), [](const ReadPairs::Pair& pair) {
    return pair.seen == 0 && pair.aimed < kTries;
  });
}

const ReadsFrom::Entry& ReadsFrom::draw_entry() {
  const auto count = static_cast<std::uint32_t>(corpus_.size());
  const Entry& a = corpus_[prng_.below(count)];
  const Entry& b = corpus_[prng_.below(count)];
  return times_seen(a.signature) <= times_seen(b.signature) ? a : b;
}

void ReadsFrom::change(Constraints& constraints) {
  const std::uint32_t what = constraints.count == 0 ? 0 : prng_.below(8);
  const std::uint32_t which = constraints.count == 0 ? 0 : prng_.below(constraints.count);
  if (what == 7) {
    constraints.all[which].positive = !constraints.all[which].positive;
  } else if (what == 6 || constraints.count == kConstraintsMax) {
    constraints.all[which] = constraints.all[--constraints.count];
  } else {
    add_one(constraints);
  }
}

namespace {

std::uint32_t weight_of(const ReadPairs::Pair& pair) {
  // Who has a lock first decides what is read behind it.
  const std::uint32_t most = pair.takes ? 1024 : 256;
  if (pair.seen == 0) return most >> std::min(10u, 2 * pair.aimed);
  return 8u >> std::min(3u, pair.aimed);
}

}  // namespace

void ReadsFrom::add_one(Constraints& constraints) {
  std::uint32_t sum = 0;
  for (const ReadPairs::Pair& pair : pairs_.pairs()) sum += 1 + weight_of(pair);
  std::uint32_t left = prng_.below(sum);
  for (ReadPairs::Pair& pair : pairs_.pairs()) {
    const std::uint32_t weight = 1 + weight_of(pair);
    if (left >= weight) {
      left -= weight;
      continue;
    }
    ++pair.aimed;
    const bool positive = pair.seen == 0 || prng_.below(2) == 0;
    constraints.all[constraints.count++] = {pair.read, pair.write, positive};
    return;
  }
}

}  // namespace reweave
