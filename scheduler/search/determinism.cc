#include "scheduler/search/determinism.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "scheduler/strategy/dense_replay.h"

namespace reweave {
namespace {

/// A question as it was asked, or something else that an execution did.
struct Line {
  std::uint64_t step = 0;
  std::string words;
};

/// Gives recorded answers, and writes down what it was asked and by which points it came: whoever
/// runs alone is asked nothing.
class Transcript final : public Strategy {
 public:
  static constexpr std::size_t kLinesMax = 1u << 20;

  explicit Transcript(std::span<const DenseAnswer> answers) : answers_(answers, /*names=*/false) {}

  void begin(Prng, std::uint64_t) override {}
  void attach(Execution& execution) override {
    execution_ = &execution;
    answers_.attach(execution);
    asked_.clear();
  }
  bool end(const Execution&) override { return false; }
  bool wants_steps() const override { return true; }
  std::uint32_t choose(const Question& question) override {
    const std::uint32_t answer = answers_.choose(question);
    write(question, question.answers, answer);
    return answer;
  }
  void pass(const Question& question) override { write(question, /*answers=*/1, /*answer=*/0); }

  struct Asked {
    std::uint64_t step;
    QuestionKind kind;
    ActorId actor;
    SiteId site;
    std::uint32_t answers, answer;  // One answer: nothing was asked, the point was passed.
    bool operator==(const Asked&) const = default;
  };
  const std::vector<Asked>& asked() const { return asked_; }

 private:
  void write(const Question& question, std::uint32_t answers, std::uint32_t answer) {
    if (asked_.size() >= kLinesMax) return;
    asked_.push_back(
        {execution_->steps(), question.kind, question.actor, question.site, answers, answer});
  }

  DenseReplay answers_;
  Execution* execution_ = nullptr;
  std::vector<Asked> asked_;
};

/// All that is compared of an execution.
struct Did {
  std::uint64_t trace_hash = 0, steps = 0;
  Outcome outcome{};
  std::vector<Finding> findings{};
  std::vector<Transcript::Asked> asked{};  // Empty for one that was not written down.
  std::vector<Event> log{};
  std::vector<std::string> actors{};  // Paths, by their numbers.

  static Did of(const Execution& execution) {
    return {.trace_hash = execution.trace_hash(),
            .steps = execution.steps(),
            .outcome = execution.outcome(),
            .findings = execution.findings()};
  }
  bool same_as(const Did& other) const {
    const auto same = [](const Finding& a, const Finding& b) {
      return a.kind == b.kind && a.step == b.step && a.signature == b.signature;
    };
    return trace_hash == other.trace_hash && outcome == other.outcome && steps == other.steps &&
           std::equal(findings.begin(), findings.end(), other.findings.begin(),
                      other.findings.end(), same);
  }
};

Did written_down(Subject& subject, std::span<const DenseAnswer> answers, const Limits& limits) {
  Transcript transcript(answers);
  Execution execution(limits);
  execution.begin(transcript, /*keep_log=*/true);
  subject.run(execution);
  Did did = Did::of(execution);
  did.asked = transcript.asked();
  did.log = execution.log();
  for (std::uint32_t actor = 0; actor < execution.actor_count(); ++actor)
    did.actors.push_back(execution.actor_path(ActorId{actor}));
  return did;
}

std::string path_in(const Did& did, ActorId actor) {
  const auto index = static_cast<std::size_t>(actor);
  return index < did.actors.size() ? did.actors[index] : "?";
}

Line line_of(const Transcript::Asked& asked, const Did& did, const Subject& subject) {
  if (asked.answers == 1) {
    return {asked.step, std::string("that ") + path_in(did, asked.actor) + " comes to " +
                            subject.site_name(asked.site)};
  }
  return {asked.step, std::string("that ") + path_in(did, asked.actor) + " is asked `" +
                          question_kind_name(asked.kind) + "` at " + subject.site_name(asked.site) +
                          ", with " + std::to_string(asked.answers) + " answers"};
}
Line line_of(const Event& event, const Did& did, const Subject& subject) {
  return {event.step, path_in(did, event.actor) + ": " + subject.describe(event)};
}
Line end_of(const Did& did) {
  Line line{did.steps, std::string("the end, after ") + std::to_string(did.steps) +
                           (did.steps == 1 ? " step: " : " steps: ")};
  line.words += did.findings.empty() ? outcome_name(did.outcome) : did.findings.front().signature;
  return line;
}

struct Parting {
  std::uint64_t step = UINT64_MAX;
  std::string one{}, other{};

  void note(Line a, Line b) {
    const std::uint64_t at = std::min(a.step, b.step);
    if (at >= step) return;
    step = at;
    one = std::move(a.words);
    other = std::move(b.words);
  }
};

bool same(const Transcript::Asked& a, const Transcript::Asked& b) { return a == b; }
bool same(const Event& a, const Event& b) {
  return a.step == b.step && a.actor == b.actor && a.kind == b.kind && a.count == b.count &&
         a.args == b.args;
}

template <typename Item>
void compare(const std::vector<Item>& a, const std::vector<Item>& b, const Did& of_a,
             const Did& of_b, const Subject& subject, Parting& parting) {
  const std::size_t both = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
    if (i < both && same(a[i], b[i])) continue;
    parting.note(i < a.size() ? line_of(a[i], of_a, subject) : end_of(of_a),
                 i < b.size() ? line_of(b[i], of_b, subject) : end_of(of_b));
    return;
  }
}

Parting parting_of(const Did& a, const Did& b, const Subject& subject) {
  Parting parting;
  compare(a.asked, b.asked, a, b, subject, parting);
  compare(a.log, b.log, a, b, subject, parting);
  parting.note(end_of(a), end_of(b));
  return parting;
}

Finding finding_of(std::uint64_t step, std::string message) {
  Finding finding;
  finding.kind = FindingKind::kDiverged;
  finding.step = step;
  finding.signature = kNondeterministic;
  finding.oracle = "determinism";
  finding.message = std::move(message);
  return finding;
}

}  // namespace

std::optional<Finding> check_determinism(Subject& subject, const Execution& execution) {
  constexpr int kTries = 20;
  const std::vector<DenseAnswer> answers = execution.dense_answers();
  const Did first = Did::of(execution);
  const Did second = written_down(subject, answers, execution.limits());
  if (first.same_as(second)) return std::nullopt;
  for (int i = 0; i < kTries; ++i) {
    const Did again = written_down(subject, answers, execution.limits());
    if (again.same_as(second)) continue;
    const Parting parting = parting_of(second, again, subject);
    return finding_of(parting.step, "The same answers gave two executions, which part at step " +
                                        std::to_string(parting.step) + ": once " + parting.one +
                                        "; once " + parting.other + ".");
  }
  const Line one = end_of(first), other = end_of(second);
  return finding_of(std::min(one.step, other.step),
                    "The same answers gave two executions: once " + one.words + ", with trace " +
                        "hash " + std::to_string(first.trace_hash) + "; once " + other.words +
                        ", with " + std::to_string(second.trace_hash) +
                        ". Repeated once more it did the latter each time, so that the step at "
                        "which they part is not known.");
}

}  // namespace reweave
