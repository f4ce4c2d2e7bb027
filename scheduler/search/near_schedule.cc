#include "scheduler/search/near_schedule.h"

#include <algorithm>
#include <bit>
#include <queue>
#include <set>
#include <utility>
#include <vector>

#include "scheduler/search/asked_questions.h"
#include "scheduler/search/renaming.h"
#include "scheduler/strategy/schedule_replay.h"

namespace reweave {
namespace {

// What a change costs; one line further is 1.
constexpr std::uint32_t kOtherLine = 4, kOtherLineMax = 8, kNewFunction = 6, kOtherFunction = 20,
                        kOtherActor = 8, kOtherTime = 3, kOtherTimeFar = 5, kUntranslated = 2,
                        kOtherChoice = 8, kLeftOut = 12, kHeld = 6, kMoved = 3, kOlder = 5,
                        kPutIn = 16;
constexpr std::size_t kChildrenMax = 64, kLeftOutMax = 8;
constexpr std::size_t kNearMax = 4'096;  // So many questions away.
constexpr std::uint32_t kOtherAnswersMax = 8;
constexpr std::size_t kActorsMax = 16;

/// 0, 1, 2, 2, 3, 3, 3, 3, 4 …
std::uint32_t log2_of(std::size_t distance) {
  return static_cast<std::uint32_t>(std::bit_width(distance));
}

/// What is tried: answers under their new names, and behind them old ones as they are translated.
struct Node {
  struct Placed {
    NamedAnswer answer;
    std::size_t old;  // Which one it was, or kNone.
  };
  static constexpr std::size_t kNone = SIZE_MAX;

  std::vector<Placed> placed{};
  std::size_t next = 0;  // The old answer that comes behind them.
  bool moved_siblings = false;
  bool held = false;  // None comes: what would be asked without them?
  Renaming names{};
  std::uint32_t cost = 0;
  std::size_t changes = 0;
  std::uint64_t number = 0;  // In the order in which they were made.
};

struct IsLater {
  bool operator()(const Node& a, const Node& b) const {
    if (a.cost != b.cost) return a.cost > b.cost;
    if (a.next != b.next) return a.next < b.next;
    return a.number > b.number;
  }
};

/// A node that may be made of another one, by its numbers; it is made if it is among the cheapest.
struct Step {
  std::uint32_t cost = 0;
  std::size_t prefix = 0;           // So many of the placed answers are kept.
  std::size_t next = 0;             // The old answer behind the new one.
  std::size_t old = Node::kNone;    // The old answer that is placed, or none.
  std::size_t question = SIZE_MAX;  // Where an answer is given, or nowhere.
  std::string chosen{};             // Of `run`: who.
  std::uint32_t answer = 0;         // Of others.
  bool all_lines = false;           // Of its function; …
  std::int64_t lines = 0;           // By how many lines that one is moved, and those behind it.
  std::string_view actor{};         // This old actor and its younger siblings …
  std::int64_t siblings = 0;        // … were made so much later.
  std::size_t changes = 1;
};

class NearSearch {
 public:
  NearSearch(Subject& subject, const Schedule& old, Isolator& isolator, const Limits& limits,
             const NearOptions& options)
      : subject_(subject), old_(old.answers), isolator_(isolator), options_(options) {
    for (const NamedAnswer& answer : old_) {
      for (const std::string& path : {answer.actor, answer.chosen}) {
        if (path.find('.') != std::string::npos && actors_.size() < kActorsMax)
          actors_.insert(path);
      }
    }
    explore_.limits = limits;
    explore_.keep_going = options.keep_going;
  }

  Near find() {
    add(Node{});
    while (!queue_.empty() && !result_.found) {
      result_.cancelled = options_.keep_going && !options_.keep_going();
      if (result_.cancelled || result_.executions >= options_.executions_max) return result_;
      Node node = queue_.top();
      queue_.pop();
      try_out(std::move(node));
      if (result_.cancelled) return result_;
    }
    result_.exhausted = !result_.found;
    return result_;
  }

 private:
  void add(Node node) {
    node.number = made_++;
    queue_.push(std::move(node));
  }

  Schedule schedule_of(const Node& node) const {
    Schedule schedule;
    for (const Node::Placed& placed : node.placed) schedule.answers.push_back(placed.answer);
    if (node.held) return schedule;
    for (std::size_t i = node.next; i < old_.size(); ++i)
      schedule.answers.push_back(translated(node.names, old_[i]));
    return schedule;
  }

  static NamedAnswer translated(const Renaming& names, const NamedAnswer& old) {
    NamedAnswer answer = old;
    answer.actor = names.actor(old.actor);
    answer.site = names.site(old.site);
    if (!old.chosen.empty()) answer.chosen = names.actor(old.chosen);
    return answer;
  }

  void try_out(Node node) {
    const Schedule schedule = schedule_of(node);
    if (!tried_.insert(schedule.one_line()).second) return;
    Heard heard = execute(schedule);
    bool disturbed = was_disturbed(heard.exploration);
    if (disturbed) {
      heard = execute(schedule);
      disturbed = was_disturbed(heard.exploration);
    }
    if (result_.cancelled) return;
    if (disturbed) heard.exploration.found.reset();
    take_finding(heard.exploration, node);
    if (!result_.found) follow(std::move(node), schedule, heard.asked);
  }

  Heard execute(const Schedule& schedule) {
    Replay answers(schedule, subject_, ReplayMode::kInOrder);
    Heard heard = listen(subject_, answers, isolator_, explore_);
    result_.cancelled = heard.exploration.reason == StopReason::kCancelled;
    if (result_.cancelled) return heard;
    ++result_.executions;
    if (options_.progress) options_.progress(result_.executions);
    if (heard.exploration.found) heard.exploration.found->execution = result_.executions - 1;
    return heard;
  }

  /// Its process was ended, and not by the subject.
  bool was_disturbed(const Exploration& exploration) const {
    const std::optional<Found>& found = exploration.found;
    if (!found || !found->died) return false;
    return options_.shows_again ? !options_.shows_again(*found) : found->killed;
  }

  void take_finding(Exploration& exploration, const Node& node) {
    std::optional<Found>& found = exploration.found;
    if (!found) return;
    const bool counts = !options_.counts || options_.counts(found->finding);
    if (!counts && result_.other) return;
    if (counts) result_.changes = node.changes;
    (counts ? result_.found : result_.other) = std::move(*found);
  }

  /// How far it came, and what may be tried next.
  void follow(Node node, const Schedule& schedule, const std::vector<AskedQuestion>& asked) {
    for (const AskedQuestion& question : asked)
      stems_.insert(SiteParts::of(question.given.site).stem);
    std::vector<std::size_t> where;  // Of each answer that was given: at which question.
    for (std::size_t i = 0; i < asked.size() && where.size() < schedule.answers.size(); ++i) {
      if (asked[i].given == schedule.answers[where.size()]) where.push_back(i);
    }
    if (where.size() < node.placed.size()) return;  // It was not asked for any more.
    while (node.placed.size() < where.size()) {
      node.placed.push_back({schedule.answers[node.placed.size()], node.next});
      ++node.next;
    }
    if (result_.executions == 1) result_.followed = where.size();
    steps_.clear();
    place_next(node, asked, where);
    hold_back(node);
    move_siblings(node);
    put_in(node, asked, where);
    std::stable_sort(steps_.begin(), steps_.end(),
                     [](const Step& a, const Step& b) { return a.cost < b.cost; });
    if (steps_.size() > kChildrenMax) steps_.resize(kChildrenMax);
    for (const Step& step : steps_) add(child_of(node, step, asked));
  }

  /// The old answer at which it diverged, or one of those behind it, at one of the questions that
  /// came then.
  void place_next(const Node& node, const std::vector<AskedQuestion>& asked,
                  const std::vector<std::size_t>& where) {
    const std::size_t first = where.empty() ? 0 : where.back() + 1;
    const std::size_t end = std::min(old_.size(), node.next + kLeftOutMax);
    for (std::size_t old = node.next; old < end; ++old) {
      const auto left_out = static_cast<std::uint32_t>(old - node.next);
      const NamedAnswer expected = translated(node.names, old_[old]);
      for (std::size_t i = first; i < std::min(asked.size(), first + kNearMax); ++i) {
        Step step{.cost = node.cost + left_out * kLeftOut + std::min(log2_of(i - first), 7u),
                  .prefix = node.placed.size(),
                  .next = old + 1,
                  .old = old,
                  .question = i,
                  .changes = left_out + 1};
        if (price(old_[old], expected, asked[i], step)) steps_.push_back(std::move(step));
      }
    }
  }

  /// What fitted may have fitted by accident: a line was put in before it, and another one is where
  /// it was. So it is moved, or placed again where it would be asked for without it, or left out.
  void hold_back(const Node& node) {
    for (std::size_t kept = 0; kept < node.placed.size(); ++kept) {
      const std::size_t old = node.placed[kept].old;
      if (old == Node::kNone) continue;
      const auto undone = static_cast<std::uint32_t>(node.placed.size() - 1 - kept);
      const std::uint32_t cost = node.cost + undone / 4;
      for (const std::int64_t lines : {1, -1, 2, -2, 3, -3, 4, -4}) {
        const auto apart = static_cast<std::uint32_t>(lines < 0 ? -lines : lines);
        for (const bool all_lines : {true, false}) {
          steps_.push_back({.cost = cost + kMoved + apart,
                            .prefix = kept,
                            .next = old,
                            .all_lines = all_lines,
                            .lines = lines});
        }
      }
      steps_.push_back({.cost = cost + kHeld, .prefix = kept, .next = old});
      steps_.push_back({.cost = cost + kLeftOut, .prefix = kept, .next = old + 1});
    }
  }

  /// An actor is made now, or none any more, that is older than some of the others.
  void move_siblings(const Node& node) {
    if (node.moved_siblings) return;
    for (const std::string& actor : actors_) {
      for (const std::int64_t siblings : {1, -1})
        steps_.push_back({.cost = node.cost + kOlder, .actor = actor, .siblings = siblings});
    }
  }

  /// Another answer to one of the questions, near the divergence first.
  void put_in(const Node& node, const std::vector<AskedQuestion>& asked,
              const std::vector<std::size_t>& where) {
    const std::size_t pivot = where.empty() ? 0 : where.back();
    std::size_t kept = 0, next = node.next;
    for (const Node::Placed& placed : node.placed) {
      if (placed.old != Node::kNone) next = std::min(next, placed.old);
    }
    for (std::size_t i = 0; i < asked.size(); ++i) {
      if (kept < where.size() && where[kept] == i) {
        if (node.placed[kept].old != Node::kNone) next = node.placed[kept].old + 1;
        if (++kept == where.size()) next = node.next;
        continue;
      }
      const AskedQuestion& question = asked[i];
      const std::size_t distance = i > pivot ? i - pivot : pivot - i;
      if (distance > kNearMax) continue;
      for (std::uint32_t answer = 0; answer < std::min(question.answers, kOtherAnswersMax);
           ++answer) {
        Step step{.cost = node.cost + kPutIn + 2 * log2_of(distance),
                  .prefix = kept,
                  .next = next,
                  .question = i,
                  .answer = answer};
        if (!question.options.empty()) {
          step.chosen = question.options[answer];
          step.answer = 0;
        }
        if (step.chosen == question.given.chosen && step.answer == question.given.answer) continue;
        steps_.push_back(std::move(step));
      }
    }
  }

  /// Whether an old answer may be given to a question, which one then, and at which cost.
  bool price(const NamedAnswer& old, const NamedAnswer& expected, const AskedQuestion& question,
             Step& step) const {
    const NamedAnswer& given = question.given;
    if (given.kind != old.kind) return false;
    if (given.actor != expected.actor)
      step.cost += given.actor == old.actor ? kUntranslated : kOtherActor;
    step.cost += price_of_site(expected.site, given.site);
    if (given.nth != old.nth) {
      const std::uint32_t apart = given.nth > old.nth ? given.nth - old.nth : old.nth - given.nth;
      step.cost += apart > 4 ? kOtherTimeFar : kOtherTime;
    }
    if (question.options.empty()) {
      step.answer = std::min(old.answer, question.answers - 1);
      if (step.answer != old.answer) step.cost += kOtherChoice;
      return step.answer != given.answer;
    }
    return price_of_choice(old, expected, question, step);
  }

  static bool price_of_choice(const NamedAnswer& old, const NamedAnswer& expected,
                              const AskedQuestion& question, Step& step) {
    const auto is_there = [&](const std::string& path) {
      return path != question.given.chosen &&
             std::find(question.options.begin(), question.options.end(), path) !=
                 question.options.end();
    };
    step.chosen = expected.chosen;
    if (is_there(step.chosen)) return true;
    step.chosen = old.chosen;
    step.cost += kUntranslated;
    if (is_there(step.chosen)) return true;
    step.cost += kOtherChoice - kUntranslated;
    for (const std::string& path : question.options) {
      if (path == question.given.chosen) continue;
      step.chosen = path;
      return true;
    }
    return false;
  }

  std::uint32_t price_of_site(const std::string& expected, const std::string& now) const {
    if (expected == now) return 0;
    const SiteParts from = SiteParts::of(expected), to = SiteParts::of(now);
    const std::int64_t lines = from.line > to.line ? from.line - to.line : to.line - from.line;
    const auto apart = static_cast<std::uint32_t>(std::min<std::int64_t>(lines, 4));
    if (from.stem == to.stem) return std::min(kOtherLine + apart, kOtherLineMax);
    if (stems_.count(from.stem) != 0) return kOtherFunction;  // It is there, and this is not it.
    return kNewFunction + std::min(apart, 2u);
  }

  /// The lowest line of that function that the old answers name.
  std::string first_site_in(const std::string& site) const {
    SiteParts first = SiteParts::of(site);
    for (const NamedAnswer& answer : old_) {
      const SiteParts parts = SiteParts::of(answer.site);
      if (parts.stem == first.stem && parts.separator == first.separator && parts.line < first.line)
        first = parts;
    }
    return first.name();
  }

  Node child_of(const Node& node, const Step& step, const std::vector<AskedQuestion>& asked) {
    Node child{.next = step.next,
               .names = node.names,
               .cost = step.cost,
               .changes = node.changes + step.changes};
    child.placed.assign(node.placed.begin(),
                        node.placed.begin() + static_cast<std::ptrdiff_t>(step.prefix));
    child.moved_siblings = node.moved_siblings || step.siblings != 0;
    if (step.siblings != 0) {
      child.names.move_siblings(step.actor, step.siblings);
      return child;
    }
    if (step.lines != 0) {
      const std::string old =
          step.all_lines ? first_site_in(old_[step.next].site) : old_[step.next].site;
      SiteParts parts = SiteParts::of(child.names.site(old));
      parts.line = std::max<std::int64_t>(parts.line + step.lines, 0);
      child.names.learn_site(old, parts.name());
      return child;
    }
    if (step.question == SIZE_MAX) {
      child.held = step.prefix < node.placed.size() && node.placed[step.prefix].old == step.next;
      return child;
    }
    NamedAnswer answer = asked[step.question].given;
    answer.chosen = step.chosen;
    answer.answer = step.answer;
    if (step.old != Node::kNone) {
      const NamedAnswer& old = old_[step.old];
      child.names.learn_site(old.site, answer.site);
      child.names.learn_actor(old.actor, answer.actor);
      if (!old.chosen.empty()) child.names.learn_actor(old.chosen, answer.chosen);
    }
    child.placed.push_back({std::move(answer), step.old});
    return child;
  }

  Subject& subject_;
  const std::vector<NamedAnswer>& old_;
  Isolator& isolator_;
  const NearOptions& options_;
  ExploreOptions explore_;
  std::priority_queue<Node, std::vector<Node>, IsLater> queue_;
  std::set<std::string> tried_;   // Schedules.
  std::set<std::string> actors_;  // The old ones, without the root.
  std::set<std::string> stems_;   // The functions that were met.
  std::vector<Step> steps_;
  std::uint64_t made_ = 0;
  Near result_;
};

}  // namespace

Near find_near(Subject& subject, const Schedule& old, Isolator& isolator, const Limits& limits,
               const NearOptions& options) {
  return NearSearch(subject, old, isolator, limits, options).find();
}

}  // namespace reweave
