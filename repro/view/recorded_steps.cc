#include "repro/view/recorded_steps.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "repro/explain/story.h"
#include "repro/file/tasklet_file.h"
#include "repro/report/terminal.h"
#include "runtime/tasklet/runtime.h"
#include "scheduler/strategy/schedule_replay.h"

namespace reweave::repro {
namespace {

/// A replay that is told of every point, and notes who is at which place in which step.
class Follower final : public Chooser {
 public:
  struct Place {
    ActorId actor{};
    SiteId site = kNowhere;
  };

  /// `kind`: the name of the subject's. All three must outlive it.
  Follower(const Schedule& schedule, const Subject& subject, std::string_view kind)
      : replay_(schedule, subject, ReplayMode::kLenient), kind_(kind) {}

  void attach(Execution& execution) override {
    execution_ = &execution;
    replay_.attach(execution);
  }
  bool wants_names() const override { return true; }
  bool wants_steps() const override { return true; }
  std::uint32_t choose(const Question& question) override {
    const std::uint32_t answer = replay_.choose(question);
    note(question.actor, question.site);
    const QuestionKind kind = question.kind;
    // Of preemptions and spills there are events.
    if (answer != 0 && kind != QuestionKind::kPreempt && kind != QuestionKind::kSpill)
      decide(question, answer);
    return answer;
  }
  void pass(const Question& question) override { note(question.actor, question.site); }

  void finish() { replay_.finish(); }
  const std::map<std::uint64_t, Place>& places() const { return places_; }

  /// Puts the answers that were not ordinary among the deeds, whose places deeds_of() has told.
  void add_decisions(const Subject& subject, const std::vector<std::size_t>& places,
                     std::vector<Deed>& deeds) const {
    std::vector<Deed> all;
    std::size_t next = 0;
    for (std::size_t i = 0; i <= deeds.size(); ++i) {
      const auto comes_next = [&] {
        return i == deeds.size() || decisions_[next].place <= places[i];
      };
      for (; next < decisions_.size() && comes_next(); ++next)
        all.push_back(deed_of(decisions_[next], subject));
      if (i < deeds.size()) all.push_back(std::move(deeds[i]));
    }
    deeds = std::move(all);
  }

 private:
  struct Decision {
    std::uint64_t step = 0;
    std::size_t place = 0;  // So many events and notes came before.
    QuestionKind kind{};
    ActorId actor{};
    SiteId site{};
    std::uint32_t answer = 0, answers = 0;
    std::vector<ActorId> options{};
  };

  void decide(const Question& question, std::uint32_t answer) {
    Decision& decision = decisions_.emplace_back();
    decision = {.step = execution_->steps(),
                .place = execution_->log().size() + execution_->notes().size(),
                .kind = question.kind,
                .actor = question.actor,
                .site = question.site,
                .answer = answer,
                .answers = question.answers};
    if (question.kind != QuestionKind::kRun) return;
    for (const Option& option : question.options) decision.options.push_back(option.actor);
  }

  Deed deed_of(const Decision& decision, const Subject& subject) const {
    AskedQuestion question{.step = decision.step, .ordinary = false, .answers = decision.answers};
    question.given = {.actor = execution_->actor_path(decision.actor),
                      .kind = decision.kind,
                      .site = subject.site_name(decision.site),
                      .answer = decision.answer,
                      .chosen = ""};
    for (const ActorId option : decision.options)
      question.options.push_back(execution_->actor_path(option));
    if (!question.options.empty()) question.given.chosen = question.options[decision.answer];
    const std::string place = subject.place_of(question.given.site);
    return {.step = decision.step,
            .actor = decision.actor,
            .kind = DeedKind::kDecision,
            .text = answer_text(question.given),
            .phrase = answer_words(question, question.given, false, false, kind_),
            .site = place.empty() ? question.given.site : place};
  }

  void note(ActorId actor, SiteId site) {
    // A point is passed before the step that it belongs to.
    places_[execution_->steps() + 1] = {actor, site};
  }

  Replay replay_;
  std::string_view kind_;
  Execution* execution_ = nullptr;
  std::map<std::uint64_t, Place> places_;
  std::vector<Decision> decisions_;
};

/// Looks at the tasklets before every step.
class StateWatcher final : public runtime::Watcher {
 public:
  struct Running {
    ActorId actor{};
    SiteId site = kNowhere;
    std::uint32_t depth = 0;
  };

  StateWatcher(const runtime::Scenario& scenario, std::vector<Change>& changes)
      : scenario_(scenario), changes_(changes) {}

  void begin(runtime::Runtime& runtime) override { runtime_ = &runtime; }
  void step(runtime::Thread& thread, SiteId site) override {
    const std::uint64_t step = thread.execution().steps() + 1;
    const runtime::Tasklet* const current = thread.current();
    if (current != nullptr)
      running_[step] = {current->actor, site, thread.evaluation().nesting_level};
    look(thread, step);
  }

  const std::map<std::uint64_t, Running>& running() const { return running_; }

 private:
  std::string path(const runtime::Tasklet& tasklet, const Execution& execution) const {
    return execution.actor_path(tasklet.actor);
  }

  void look(runtime::Thread& thread, std::uint64_t step) {
    const Execution& execution = thread.execution();
    std::map<std::string, std::string> now;
    for (std::uint32_t number = 0; number < runtime::Runtime::kThreadsMax; ++number) {
      const runtime::Thread* const each = runtime_->thread(number);
      if (each == nullptr) continue;
      const std::string name =
          "run queue" + (runtime_->threaded() ? " of thread " + std::to_string(number) : "");
      std::string queue;
      const runtime::Tasklet* const head = each->queue().head;
      std::size_t shown = 0;
      for (const runtime::Tasklet* t = head; t != nullptr && shown < kShownMax; ++shown) {
        queue += (queue.empty() ? "" : ", ") + path(*t, execution);
        t = t->next == head ? nullptr : t->next;
      }
      now[name] = queue.empty() ? "empty" : queue;
    }
    std::size_t looked_at = 0;
    for (const runtime::Tasklet* t = runtime_->first_tasklet();
         t != nullptr && looked_at < kLookedAtMax; t = t->next_made, ++looked_at) {
      if (t->dead || t->dying) continue;
      look_at(*t, execution, now);
    }
    for (auto& [what, content] : last_)
      if (!now.contains(what)) now[what] = what.starts_with("channel ") ? "empty" : "";
    for (const auto& [what, content] : now) {
      if (last_[what] == content) continue;
      last_[what] = content;
      changes_.push_back({step, what, content});
    }
  }

  void look_at(const runtime::Tasklet& t, const Execution& execution,
               std::map<std::string, std::string>& now) const {
    const std::string own = path(t, execution);
    if (t.blocked != 0 && t.channel != nullptr && !t.channel->dead) {
      std::string& queue = now["channel " + channel_name(*t.channel)];
      queue += (queue.empty() ? "" : ", ") + own +
               (t.blocked > 0 ? " waits to send" : " waits to receive");
    }
    if (t.expects != 0 && t.expects != ~std::uint32_t{0}) {
      now["under way to " + own] = "v" + std::to_string(t.expects);
    }
    if (t.cstate != nullptr && !t.cstate->stub && t.cstate->levels > 0 && !t.ended) {
      const bool current = t.thread != nullptr && t.thread->current() == &t;
      if (!current) now["stack of " + own] = "sliced away, " + plural(t.cstate->levels, "level");
    }
  }

  std::string channel_name(const runtime::Channel& channel) const {
    return channel.number < scenario_.channels.size() ? scenario_.channels[channel.number]
                                                      : std::to_string(channel.number);
  }

  static constexpr std::size_t kShownMax = 12, kLookedAtMax = 256;

  const runtime::Scenario& scenario_;
  std::vector<Change>& changes_;
  runtime::Runtime* runtime_ = nullptr;
  std::map<std::string, std::string> last_;
  std::map<std::uint64_t, Running> running_;
};

/// Of each step: the last one who did something in it, and whether he left with that, because he
/// began to wait or ended.
struct Doer {
  std::optional<ActorId> actor{};
  bool leaves = false;
};
std::vector<Doer> doers_of(const Recording& recording) {
  std::vector<Doer> doers(recording.steps.size());
  for (const Deed& deed : recording.deeds) {
    const bool says_only = deed.kind == DeedKind::kDecision || deed.kind == DeedKind::kTold;
    if (says_only || deed.step == 0 || deed.step > doers.size()) continue;
    const bool leaves = deed.kind == DeedKind::kWaits || deed.kind == DeedKind::kEnds;
    doers[deed.step - 1] = {deed.actor, leaves};
  }
  return doers;
}

/// A step of which nobody was told who took it belongs to whoever came before, or, if he left, to
/// whoever comes next.
void guess_actors(Recording& recording, const std::vector<Doer>& doers,
                  const std::vector<bool>& known) {
  for (std::size_t i = 1; i < known.size(); ++i) {
    if (known[i]) continue;
    const auto next = std::find(known.begin() + static_cast<std::ptrdiff_t>(i), known.end(), true);
    const bool is_next = doers[i - 1].leaves && next != known.end();
    const std::size_t from = is_next ? static_cast<std::size_t>(next - known.begin()) : i - 1;
    recording.steps[i].actor = recording.steps[from].actor;
  }
}

}  // namespace

Recording record_execution(const WeaveFile& file, const Schedule& schedule,
                           std::uint64_t steps_max) {
  Recording recording;
  if (steps_max == 0) return {.paths = {"0"}};
  const std::unique_ptr<Subject> subject = file.make_subject();
  Limits limits = file.limits();
  limits.steps_max = std::min(limits.steps_max, steps_max);
  Execution execution(limits);
  std::optional<StateWatcher> watcher;
  if (is_about_tasklets(file)) {
    runtime::ScenarioSubject& scenario = runtime::scenario_subject(*subject);
    watcher.emplace(scenario.scenario(), recording.changes);
    scenario.set_watcher(&*watcher);
  }
  Follower follower(schedule, *subject, file.kind().name());
  execution.begin(follower, /*keep_log=*/true);
  if (!execution.stopped()) subject->run(execution);
  follower.finish();

  std::vector<std::size_t> places;
  recording.deeds = deeds_of(*subject, execution, &places);
  follower.add_decisions(*subject, places, recording.deeds);
  for (std::uint32_t actor = 0; actor < execution.actor_count(); ++actor)
    recording.paths.push_back(execution.actor_path(ActorId{actor}));
  recording.steps.resize(execution.steps());
  const auto at = [&](std::uint64_t step) -> Recording::Step* {
    return step == 0 || step > recording.steps.size() ? nullptr : &recording.steps[step - 1];
  };
  std::vector<bool> known(recording.steps.size());
  const std::vector<Doer> doers = doers_of(recording);
  for (const auto& [step, place] : follower.places()) {
    Recording::Step* const one = at(step);
    if (one == nullptr) continue;
    // Whoever leaves is asked who comes next, and does not take that step himself.
    const std::optional<ActorId> doer = doers[step - 1].actor;
    const bool has_left =
        step > 1 && doers[step - 2].leaves && doers[step - 2].actor == place.actor;
    if (doer ? *doer != place.actor : has_left) continue;
    known[step - 1] = true;
    one->actor = place.actor;
    if (place.site != kNowhere) one->site = subject->site_name(place.site);
  }
  if (watcher) {
    for (const auto& [step, running] : watcher->running()) {
      Recording::Step* const one = at(step);
      if (one == nullptr) continue;
      known[step - 1] = true;
      *one = {running.actor, subject->site_name(running.site), running.depth};
    }
  }
  for (const Deed& deed : recording.deeds) {
    Recording::Step* const one = at(deed.step);
    if (one != nullptr && !known[deed.step - 1]) {
      one->actor = doers[deed.step - 1].actor.value_or(deed.actor);
      known[deed.step - 1] = true;
    }
  }
  guess_actors(recording, doers, known);
  return recording;
}

}  // namespace reweave::repro
