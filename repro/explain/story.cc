#include "repro/explain/story.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "repro/report/terminal.h"

namespace reweave::repro {
namespace {

constexpr std::size_t kRowsMax = 18, kNarrowRowsMax = 12;
// So many where what the answer is about takes more.
constexpr std::size_t kNamedRowsMax = 36;
constexpr std::size_t kCircleMax = 12;

class Teller {
 public:
  Teller(Explanation& told, const std::vector<AskedQuestion>& asked,
         const std::vector<std::string>& paths)
      : told_(told), asked_(asked), paths_(paths), finding_(told.findings.front()) {}

  void tell() {
    find_names();
    find_values();
    tell_changes();  // Looks at the deeds as they were logged.
    leave_out_the_rest();
    compare();
    find_named();
    insert_decisions();
    choose_rows();
    find_circle();
    tell_story();
  }

 private:
  std::string path(ActorId actor) const {
    const auto at = static_cast<std::size_t>(actor);
    return at < paths_.size() ? paths_[at] : "?";
  }
  std::optional<ActorId> actor_of(const std::string& path) const {
    const auto at = std::find(paths_.begin(), paths_.end(), path);
    if (at == paths_.end()) return std::nullopt;
    return ActorId{static_cast<std::uint32_t>(at - paths_.begin())};
  }
  /// "0.1 (receiver)"
  std::string named(ActorId actor) const {
    const auto name = names_.find(actor);
    return name == names_.end() ? path(actor) : fmt::format("{} ({})", path(actor), name->second);
  }
  /// As a person finds it.
  const std::string& place_of(const std::string& site) const {
    const auto place = told_.places.find(site);
    return place == told_.places.end() ? site : place->second;
  }
  static std::string at_site(const Deed& deed) {
    return deed.site.empty() ? "" : " at " + deed.site;
  }

  // ---- What the finding is about ----

  void find_names() { names_ = names_of(told_.deeds); }

  bool is_named_in_finding(const std::string& word) const { return names(finding_.message, word); }

  /// `word` stands in `text`, and not as a part of another one.
  static bool names(const std::string& text, const std::string& word) {
    if (word.empty()) return false;
    for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
      const auto part = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
      };
      const bool begins = at == 0 || (!part(text[at - 1]) && text[at - 1] != '.');
      const std::size_t end = at + word.size();
      const bool ends =
          end == text.size() ||
          (!part(text[end]) && !(text[end] == '.' && end + 1 < text.size() && part(text[end + 1])));
      if (begins && ends) return true;
    }
    return false;
  }

  void find_values() {
    for (const Deed& deed : told_.deeds) {
      if (is_named_in_finding(deed.value)) values_.insert(deed.value);
    }
  }

  /// What the answer, or what is different with another one, is about: an object that sentences
  /// name, or that the one who is asked comes to next.
  void find_named() {
    std::set<std::string> objects;
    for (const std::vector<Deed>* const deeds : {&told_.deeds, &told_.passing})
      for (const Deed& deed : *deeds) objects.insert(deed.object);
    std::string text;
    for (const std::vector<std::string>* const sentences : {&told_.changes, &told_.then})
      for (const std::string& sentence : *sentences) text += sentence + "\n";
    for (const std::string& object : objects)
      if (is_one_thing(object) && names(text, object)) named_.insert(object);
    for (const Flip& flip : told_.turning.flips) {
      const std::optional<ActorId> asked = actor_of(flip.question.given.actor);
      const auto next = std::find_if(told_.deeds.begin(), told_.deeds.end(), [&](const Deed& deed) {
        return deed.step >= flip.question.step && deed.actor == asked && !deed.object.empty();
      });
      if (next != told_.deeds.end() && is_one_thing(next->object)) named_.insert(next->object);
    }
  }

  /// Not what many things are called.
  static bool is_one_thing(const std::string& object) {
    return !object.empty() && object != "memory" && !object.starts_with("a local variable of ");
  }

  // ---- The turning point ----

  /// The stack of that actor was really moved there.
  static bool spills(const std::vector<Deed>& deeds, const AskedQuestion& question,
                     const std::vector<std::string>& paths) {
    return std::any_of(deeds.begin(), deeds.end(), [&](const Deed& deed) {
      return deed.kind == DeedKind::kSpills && deed.step == question.step &&
             paths[static_cast<std::size_t>(deed.actor)] == question.given.actor;
    });
  }

  std::string words_of(const AskedQuestion& question, const NamedAnswer& answer,
                       bool ordinary) const {
    // What the depth says is known of what was answered.
    const bool spilled = spills(told_.deeds, question, paths_);
    const bool same = ordinary == question.ordinary;
    NamedAnswer shown = answer;
    const std::optional<ActorId> chosen = actor_of(answer.chosen);
    if (chosen && answer.chosen != question.given.actor) shown.chosen = named(*chosen);
    return answer_words(question, shown, ordinary, same ? spilled : !spilled, told_.kind);
  }

  void tell_changes() {
    const bool alone = told_.turning.flips.size() == 1;
    for (const Flip& flip : told_.turning.flips)
      told_.changes.push_back(change_words(flip) + (alone ? ", and it passes." : "."));
    for (const Flip& flip : told_.turning.elsewhere)
      told_.elsewhere = fmt::format("{}, and it is \"{}\", in step {}.", change_words(flip),
                                    told_.turning.elsewhere_finding.signature,
                                    told_.turning.elsewhere_finding.step);
  }

  std::string change_words(const Flip& flip) const {
    const AskedQuestion& question = flip.question;
    return fmt::format("In step {}, with {} at {}, {}. Change this answer, so that {}",
                       question.step, other_named(question.given.actor),
                       place_of(question.given.site),
                       words_of(question, question.given, question.ordinary),
                       words_of(question, flip.to, flip.to_ordinary));
  }

  /// The finding says "0.1 waits at …", or "tasklet 0.1 waits at …".
  bool is_told_to_wait(const std::string& path) const {
    const std::string& message = finding_.message;
    const std::size_t at = message.find(path + " waits at ");
    return at == 0 ||
           (at != std::string::npos && (message[at - 1] == ' ' || message[at - 1] == '\n'));
  }

  /// Who is made is seen where he begins. Who waits in a channel matters where the finding says
  /// that he waits for ever: otherwise the hand-over says it.
  void leave_out_the_rest() {
    const auto says_nothing = [&](const Deed& deed) {
      const std::string_view word = std::string_view(deed.text).substr(0, deed.text.find(' '));
      const bool in_channel =
          word == "recv-waits" || word == "send-waits" || word == "select-waits";
      return deed.kind == DeedKind::kMakes || (in_channel && !is_told_to_wait(path(deed.actor)));
    };
    std::erase_if(told_.deeds, says_nothing);
    std::erase_if(told_.passing, says_nothing);
  }

  void compare() {
    if (!told_.turning.found()) return;
    const std::vector<Deed>&a = told_.deeds, &b = told_.passing;
    // Up to the other answer both are the same, even where one of them shows more: an access of a
    // program is a deed where threads meet, perhaps later.
    const std::uint64_t turn = told_.turning.first_step();
    const auto first_since = [turn](const std::vector<Deed>& deeds) {
      const auto at = std::find_if(deeds.begin(), deeds.end(),
                                   [turn](const Deed& deed) { return deed.step >= turn; });
      return static_cast<std::size_t>(at - deeds.begin());
    };
    std::size_t in_a = first_since(a), in_b = first_since(b);
    while (in_a < a.size() && in_b < b.size() && a[in_a] == b[in_b]) ++in_a, ++in_b;
    told_.first_difference = in_a;
    if (in_b < b.size()) {
      const Deed& deed = b[in_b];
      told_.then.push_back(fmt::format(
          "From step {} on it is another execution: {}{} {}{}{}.", turn,
          deed.step == turn ? "" : fmt::format("in step {} ", deed.step), named(deed.actor),
          deed.phrase, at_site(deed), in_a < a.size() ? ", where before " + clause(a[in_a]) : ""));
    }
    for (const std::string& value : values_) {
      const auto taken = std::find_if(b.begin(), b.end(), [&](const Deed& deed) {
        return deed.kind == DeedKind::kTakes && deed.value == value;
      });
      if (taken == b.end()) continue;
      told_.then.push_back(fmt::format("{} {}{} in step {}.", named(taken->actor), taken->phrase,
                                       at_site(*taken), taken->step));
    }
    told_.then.push_back(fmt::format("It ends after {}, and nothing is found.",
                                     plural(told_.passing_steps, "step")));
  }

  std::string clause(const Deed& deed) const {
    return fmt::format("{}{} {}", path(deed.actor), at_site(deed), deed.phrase);
  }

  // ---- The table ----

  void insert_decisions() {
    std::vector<const AskedQuestion*> given;
    for (const AskedQuestion& question : asked_) {
      // Of preemptions and spills there are events.
      const QuestionKind kind = question.given.kind;
      if (question.ordinary || kind == QuestionKind::kPreempt || kind == QuestionKind::kSpill)
        continue;
      given.push_back(&question);
    }
    std::vector<Deed> all;
    std::size_t next = 0;
    const auto add_until = [&](std::uint64_t step) {
      for (; next < given.size() && given[next]->step < step; ++next) {
        const AskedQuestion& question = *given[next];
        all.push_back({.step = question.step,
                       .actor = actor_of(question.given.actor).value_or(ActorId{}),
                       .kind = DeedKind::kDecision,
                       .text = answer_text(question.given),
                       .phrase = answer_words(question, question.given, false, false, told_.kind),
                       .site = place_of(question.given.site)});
      }
    };
    const std::size_t difference = told_.first_difference;
    for (std::size_t i = 0; i < told_.deeds.size(); ++i) {
      add_until(told_.deeds[i].step);
      if (i == difference) told_.first_difference = all.size();
      all.push_back(std::move(told_.deeds[i]));
    }
    add_until(UINT64_MAX);
    told_.deeds = std::move(all);
  }

  /// The last deed of the finding's step; the finding itself is shown there.
  std::size_t place_of_finding() const {
    std::size_t place = told_.deeds.size(), waits = place;
    for (std::size_t i = 0; i < told_.deeds.size(); ++i) {
      const Deed& deed = told_.deeds[i];
      if (deed.step > finding_.step) break;
      place = i;
      if (finding_.kind == FindingKind::kDeadlock) {
        if (deed.kind == DeedKind::kWaits) waits = i;
        continue;
      }
      const bool culprit = deed.step == finding_.step &&
                           (deed.kind == DeedKind::kSpills || deed.kind == DeedKind::kFails);
      if (culprit) break;
    }
    return waits < told_.deeds.size() ? waits : place;
  }

  bool matters(const Deed& deed, const std::set<ActorId>& involved) const {
    switch (deed.kind) {
      case DeedKind::kDecision:
      case DeedKind::kFails:
        return true;
      case DeedKind::kPreempted:
      case DeedKind::kCallbackBegins:
        return involved.contains(deed.actor);
      case DeedKind::kSpills:
      case DeedKind::kUnspills:
        return deed.step + 3 >= finding_.step;
      case DeedKind::kGives:
      case DeedKind::kTakes:
      case DeedKind::kGiven:
        return values_.contains(deed.value);
      case DeedKind::kNotifies:
        return values_.empty();
      case DeedKind::kLocks:
      case DeedKind::kUnlocks:
      case DeedKind::kWaits:
      case DeedKind::kReads:
      case DeedKind::kWrites:
        return values_.empty() && involved.contains(deed.actor);
      case DeedKind::kReleased:
        return !deed.object.empty();  // Of a program: it is told only where that was wrong.
      default:
        return false;
    }
  }

  /// The deeds that touch what was named: of a stretch in which one actor alone does so, the last
  /// ones, since he may do it in a loop.
  std::set<std::size_t> touches_of_named() const {
    constexpr std::size_t kStretchMax = 4;
    struct Stretch {
      ActorId actor{};
      std::size_t count = 0;
    };
    std::map<std::string, Stretch> stretches;
    std::set<std::size_t> places;
    for (std::size_t i = told_.deeds.size(); i-- > 0;) {
      const Deed& deed = told_.deeds[i];
      if (deed.kind == DeedKind::kDecision || !named_.contains(deed.object)) continue;
      Stretch& stretch = stretches[deed.object];
      if (stretch.actor != deed.actor) stretch = {deed.actor, 0};
      if (stretch.count++ < kStretchMax) places.insert(i);
    }
    return places;
  }

  void choose_rows() {
    const std::vector<Deed>& deeds = told_.deeds;
    const std::size_t culprit = place_of_finding();
    std::set<ActorId> involved;
    for (std::size_t actor = 0; actor < paths_.size(); ++actor) {
      if (is_named_in_finding(paths_[actor]))
        involved.insert(ActorId{static_cast<std::uint32_t>(actor)});
    }
    if (culprit < deeds.size()) involved.insert(deeds[culprit].actor);
    // Who only sees that something is wrong, as an assertion does, tells nothing of who did it.
    if (involved.size() < 2) {
      for (const Deed& deed : deeds) involved.insert(deed.actor);
    }
    constexpr int kMattersScore = 3, kNamedScore = 4;
    const std::set<std::size_t> told_at = touches_of_named();
    std::vector<int> score(deeds.size());
    for (std::size_t i = 0; i < deeds.size(); ++i) {
      const Deed& deed = deeds[i];
      const bool after = culprit < deeds.size() && i > culprit;
      if (after && (deed.kind != DeedKind::kTakes || !involved.contains(deed.actor))) continue;
      score[i] = 1;
      if (deed.kind == DeedKind::kBegins || deed.kind == DeedKind::kEnds) score[i] = 2;
      if (matters(deed, involved)) score[i] = kMattersScore;
      // Who sleeps for ever does so because of locks and notifications; what is wrong otherwise is
      // not who waits for the end of a thread.
      const bool sleeps = finding_.kind == FindingKind::kDeadlock;
      const bool accesses = deed.kind == DeedKind::kReads || deed.kind == DeedKind::kWrites;
      const bool joins =
          deed.kind == DeedKind::kWaits && deed.phrase.starts_with("waits for the end");
      if (sleeps ? accesses : joins) score[i] = std::min(score[i], 1);
      if (told_at.contains(i) || is_turning(deed)) score[i] = kNamedScore;
      if (i == culprit || after) score[i] = kNamedScore + 1;
    }
    // The best; of equals the last ones.
    std::vector<std::size_t> order;
    for (std::size_t i = deeds.size(); i-- > 0;)
      if (score[i] > 0) order.push_back(i);
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return score[a] > score[b]; });
    // Going on after a hand-over says nothing where it is done at once.
    std::erase_if(order, [&](std::size_t i) {
      return deeds[i].kind == DeedKind::kGiven && i > 0 && deeds[i - 1].actor == deeds[i].actor &&
             deeds[i - 1].kind == DeedKind::kGives;
    });
    // Where lanes are narrow a row takes several lines.
    std::set<ActorId> actors;
    for (const std::size_t i : order) actors.insert(deeds[i].actor);
    std::size_t rows_max = actors.size() > 3 ? kNarrowRowsMax : kRowsMax;
    // What touches a named object takes nothing away from what matters otherwise.
    const auto count_from = [&](int least) {
      return static_cast<std::size_t>(std::count_if(
          order.begin(), order.end(), [&](std::size_t i) { return score[i] >= least; }));
    };
    rows_max = std::max(rows_max, std::min({count_from(kMattersScore),
                                            count_from(kNamedScore) + rows_max, kNamedRowsMax}));
    if (order.size() > rows_max) order.resize(rows_max);
    std::sort(order.begin(), order.end());
    make_rows(order, culprit);
  }

  void make_rows(const std::vector<std::size_t>& chosen, std::size_t culprit) {
    std::set<ActorId> actors;
    for (const std::size_t i : chosen) actors.insert(told_.deeds[i].actor);
    for (const ActorId actor : actors) {
      const auto name = names_.find(actor);
      told_.lanes.push_back({actor, path(actor), name == names_.end() ? "" : name->second});
    }
    std::size_t expected = 0;
    for (const std::size_t i : chosen) {
      const Deed& deed = told_.deeds[i];
      if (i > expected && told_.deeds[expected].kind == DeedKind::kGiven) ++expected;
      if (i > expected)
        told_.rows.push_back({.mark = Row::Mark::kGap, .step = 0, .lane = 0, .deed = i - expected});
      Row row{.step = deed.step, .lane = lane_of(deed.actor), .deed = i};
      if (i == culprit) row.mark = Row::Mark::kFinding;
      if (row.mark == Row::Mark::kNone && is_turning(deed)) row.mark = Row::Mark::kTurning;
      told_.rows.push_back(std::move(row));
      expected = i + 1;
    }
  }

  bool is_turning(const Deed& deed) const {
    return std::any_of(
        told_.turning.flips.begin(), told_.turning.flips.end(), [&](const Flip& flip) {
          const bool kind_fits =
              deed.kind == DeedKind::kDecision ||
              (deed.kind == DeedKind::kPreempted &&
               flip.question.given.kind == QuestionKind::kPreempt) ||
              (deed.kind == DeedKind::kSpills && flip.question.given.kind == QuestionKind::kSpill);
          return kind_fits && !flip.question.ordinary && flip.question.step == deed.step &&
                 path(deed.actor) == flip.question.given.actor;
        });
  }

  std::size_t lane_of(ActorId actor) const {
    std::size_t lane = 0;
    while (told_.lanes[lane].actor != actor) ++lane;
    return lane;
  }

  // ---- Words ----

  /// Of each lock; several read.
  using Holders = std::map<std::string, std::vector<ActorId>>;
  void follow(const Deed& deed, Holders& holders) const {
    if (deed.kind == DeedKind::kLocks) {
      std::vector<ActorId>& all = holders[deed.object];
      if (deed.phrase.find(" for reading ") == std::string::npos) all.clear();
      all.push_back(deed.actor);
    } else if (deed.kind == DeedKind::kUnlocks) {
      std::vector<ActorId>& all = holders[deed.object];
      const auto own = std::find(all.begin(), all.end(), deed.actor);
      if (own == all.end()) {
        all.clear();
      } else {
        all.erase(own);
      }
      if (const std::optional<ActorId> next = actor_of(deed.other)) all = {*next};
    }
  }
  /// Rather somebody else than himself: another one who has it, or who waits before him to write.
  std::optional<ActorId> awaited_by(const Deed& wait, const Holders& holders) const {
    const auto all = holders.find(wait.object);
    if (all == holders.end() || all->second.empty()) return actor_of(wait.other);
    const auto another = std::find_if(all->second.begin(), all->second.end(),
                                      [&](ActorId holder) { return holder != wait.actor; });
    if (another != all->second.end()) return *another;
    return actor_of(wait.other).value_or(wait.actor);
  }

  /// Who waits for what somebody has who waits for … himself, at the end.
  void find_circle() {
    std::map<ActorId, const Deed*> waits;
    Holders holders;  // They may be others than when the wait began.
    for (const Deed& deed : told_.deeds) {
      if (deed.kind == DeedKind::kDecision || deed.kind == DeedKind::kTold) continue;
      follow(deed, holders);
      if (deed.kind == DeedKind::kWaits) {
        waits[deed.actor] = &deed;
      } else {
        waits.erase(deed.actor);
      }
    }
    for (const auto& [start, first] : waits) {
      std::vector<const Deed*> way;
      std::optional<ActorId> at = start;
      while (at && waits.contains(*at) && way.size() < kCircleMax) {
        way.push_back(waits[*at]);
        at = awaited_by(*waits[*at], holders);
        if (at == start) break;
      }
      if (at != start) continue;
      for (const Deed* const deed : way)
        told_.circle.push_back(path(deed->actor) + " " + wait_of(*deed));
      told_.circle.push_back(path(*at));
      return;
    }
  }

  /// "waits for lock 0", without who has it; a join is about no object.
  static std::string wait_of(const Deed& deed) {
    return deed.object.empty() ? deed.phrase : "waits for " + deed.object;
  }

  void tell_story() {
    for (std::size_t begin = 0; begin < finding_.message.size();) {
      const std::size_t end = std::min(finding_.message.find('\n', begin), finding_.message.size());
      told_.story.push_back(finding_.message.substr(begin, end - begin));
      begin = end + 1;
    }
    const std::size_t culprit = place_of_finding();
    if (culprit >= told_.deeds.size()) return;
    const ActorId actor = told_.deeds[culprit].actor;
    std::vector<const Deed*> open;  // Callbacks of that actor.
    for (std::size_t i = 0; i <= culprit; ++i) {
      const Deed& deed = told_.deeds[i];
      if (deed.actor != actor) continue;
      if (deed.kind == DeedKind::kCallbackBegins) open.push_back(&deed);
      if (deed.kind == DeedKind::kCallbackEnds && !open.empty()) open.pop_back();
    }
    for (const Deed* const deed : open) {
      if (finding_.kind == FindingKind::kDeadlock) break;
      const std::string who = deed->other.empty() ? "something" : other_named(deed->other);
      told_.story.push_back(
          fmt::format("It happened in a callback: in step {}, while {} was{}, the last reference "
                      "to {} went, and its weak reference called back.",
                      deed->step, named(actor), at_site(*deed), who));
    }
    if (values_.empty()) return;
    for (std::size_t i = culprit + 1; i < told_.deeds.size(); ++i) {
      const Deed& deed = told_.deeds[i];
      if (deed.kind != DeedKind::kTakes || deed.actor != actor) continue;
      told_.story.push_back(fmt::format("So {} {}{} in step {}.", named(deed.actor), deed.phrase,
                                        at_site(deed), deed.step));
      return;
    }
  }

  std::string other_named(const std::string& path) const {
    const std::optional<ActorId> actor = actor_of(path);
    return actor ? named(*actor) : path;
  }

  Explanation& told_;
  const std::vector<AskedQuestion>& asked_;
  const std::vector<std::string>& paths_;
  const Finding& finding_;
  std::map<ActorId, std::string> names_;
  std::set<std::string> values_;  // Of the finding.
  std::set<std::string> named_;   // Objects: what touches them is told.
};

}  // namespace

std::string answer_words(const AskedQuestion& question, const NamedAnswer& answer, bool ordinary,
                         bool spills, std::string_view kind) {
  const bool of_threads = kind == "program" || kind == "body";
  const std::string& asker = question.given.actor;
  switch (question.given.kind) {
    case QuestionKind::kRun: {
      const bool can_go_on = std::find(question.options.begin(), question.options.end(), asker) !=
                             question.options.end();
      if (answer.chosen == asker) return asker + " goes on";
      if (can_go_on) return fmt::format("{} comes in before {} goes on", answer.chosen, asker);
      return answer.chosen + " runs next";
    }
    case QuestionKind::kPreempt:
      return ordinary ? "it is not preempted" : "it is preempted";
    case QuestionKind::kSpill:
      return spills ? "its stack is spilled to the heap" : "its stack is not spilled";
    case QuestionKind::kCollect:
      return ordinary ? "the collector does not run" : "the collector runs";
    case QuestionKind::kFail:
      return ordinary ? "the allocation succeeds" : "the allocation fails";
    case QuestionKind::kFire:
      if (of_threads)
        return asker + (ordinary ? " waits, or gives way"
                                 : " goes on at once: its time is up, it does not give way, or a "
                                   "signal comes later");
      return ordinary
                 ? "the earliest timer fires first"
                 : fmt::format("timer {} of {} fires first", answer.answer + 1, question.answers);
    case QuestionKind::kPick:
      if (!of_threads) break;
      return ordinary
                 ? fmt::format("the first of {} is chosen", question.answers)
                 : fmt::format("number {} of {} is chosen", answer.answer + 1, question.answers);
  }
  return fmt::format("choice {} of {} is taken", answer.answer + 1, question.answers);
}

void tell(Explanation& told, const std::vector<AskedQuestion>& asked,
          const std::vector<std::string>& paths) {
  Teller(told, asked, paths).tell();
}

}  // namespace reweave::repro
