#include "scheduler/strategy/schedule_replay.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

#include "scheduler/base/internal_check.h"

namespace reweave {

Replay::Replay(const Schedule& schedule, const Subject& subject, ReplayMode mode)
    : schedule_(schedule), mode_(mode), unknown_(schedule.answers.size()) {
  for (std::size_t i = 0; i < schedule.answers.size(); ++i) {
    const NamedAnswer& answer = schedule.answers[i];
    const auto site = subject.find_site(answer.site);
    if (site) {
      entries_.push_back({answer.kind, *site, answer.nth, static_cast<std::uint32_t>(i)});
    } else {
      unknown_ = std::min(unknown_, i);
    }
  }
  std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.kind, a.site, a.nth, a.index) < std::tie(b.kind, b.site, b.nth, b.index);
  });
}

void Replay::attach(Execution& execution) {
  execution_ = &execution;
  next_ = 0;
  if (mode_ == ReplayMode::kStrict && unknown_ < schedule_.answers.size()) {
    diverge(unknown_, "no site \"" + schedule_.answers[unknown_].site + "\" in this subject");
  }
}

const Replay::Entry* Replay::find(const Question& question) const {
  const auto key = std::tie(question.kind, question.site, question.nth);
  auto entry = std::lower_bound(
      entries_.begin(), entries_.end(), key,
      [](const Entry& e, const auto& k) { return std::tie(e.kind, e.site, e.nth) < k; });
  for (; entry != entries_.end() && std::tie(entry->kind, entry->site, entry->nth) == key;
       ++entry) {
    if (execution_->actor_is(question.actor, schedule_.answers[entry->index].actor)) return &*entry;
  }
  return nullptr;
}

std::uint32_t Replay::find_option(const Question& question, const NamedAnswer& wanted) const {
  if (question.kind != QuestionKind::kRun) return wanted.answer;
  for (std::uint32_t i = 0; i < question.options.size(); ++i) {
    if (execution_->actor_is(question.options[i].actor, wanted.chosen)) return i;
  }
  return question.answers;
}

std::uint32_t Replay::choose(const Question& question) {
  if (entries_.empty()) return 0;
  const Entry* entry = find(question);
  if (entry == nullptr) return 0;
  const NamedAnswer& wanted = schedule_.answers[entry->index];
  const std::uint32_t answer = find_option(question, wanted);
  if (mode_ == ReplayMode::kLenient) return answer < question.answers ? answer : 0;
  if (mode_ == ReplayMode::kInOrder) {
    if (entry->index != next_ || answer >= question.answers) return 0;
    ++next_;
    return answer;
  }

  if (entry->index != next_) {
    diverge(next_, "\"" + answer_text(wanted) + "\" was asked for first");
    return 0;
  }
  ++next_;
  if (answer < question.answers) return answer;
  std::string found;
  if (question.kind == QuestionKind::kRun) {
    found = "that actor is not ready; ready are";
    for (const Option& option : question.options)
      found += " " + execution_->actor_path(option.actor);
  } else {
    found = "the highest possible answer is " + std::to_string(question.answers - 1);
  }
  diverge(entry->index, std::move(found));
  return 0;
}

void Replay::finish() {
  CHECK(execution_ != nullptr);
  if (mode_ != ReplayMode::kStrict || next_ == schedule_.answers.size()) return;
  diverge(next_, "the execution ended and never asked for it");
}

void Replay::diverge(std::size_t expected, std::string found) {
  // An answer given too often (twice in a schedule made by hand) leaves next_ beyond the end.
  const std::size_t index = std::min(expected, schedule_.answers.size() - 1);
  execution_->diverge(
      {execution_->steps(), "\"" + answer_text(schedule_.answers[index]) + "\"", std::move(found)});
}

}  // namespace reweave
