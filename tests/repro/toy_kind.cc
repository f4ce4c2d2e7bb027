// A kind of subject, whole: two threads, two counters, a lock. Its text has one operation of a
// thread on a line: `first lock`, `first a`, `second b`. To add to a counter is to read in one step
// and to write in the next, so an addition may be lost. Built here, and by a stranger's project.
#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>
#include "scheduler/subject_kind.h"

namespace {
using namespace reweave;
constexpr std::array<std::string_view, 2> kThreads = {"first", "second"};
constexpr std::array<std::string_view, 4> kOps = {"a", "b", "lock", "unlock"};
using Line = std::array<std::string, 2>;  // Thread and operation.

constexpr SettingInfo kSettings[] = {
    {.word = "locking", .initial = 1, .flag = "locking", .help = "off: the lock keeps nobody out"}};

class Counters final : public Subject {
 public:
  explicit Counters(std::vector<Line> lines) : lines_(std::move(lines)) {}
  void configure(const SettingValues& settings) override { locking_ = settings.on("locking"); }
  std::string text() const override {
    std::string text;
    for (const Line& line : lines_) text += line[0] + " " + line[1] + "\n";
    return text;
  }
  std::string site_name(SiteId site) const override {
    const auto at = lines_.begin() + static_cast<std::ptrdiff_t>(site);
    return (*at)[0] + "." + (*at)[1] + "." + std::to_string(std::count(lines_.begin(), at, *at));
  }
  std::optional<SiteId> find_site(std::string_view name) const override {
    for (std::uint32_t i = 0; i < lines_.size(); ++i)
      if (site_name(SiteId{i}) == name) return SiteId{i};
    return std::nullopt;
  }
  std::string describe(const Event& event) const override { return {char(event.kind)}; }
  std::vector<std::string> remarks() const override { return {"to add takes two steps"}; }
  std::size_t size() const override { return lines_.size(); }
  std::size_t reduction_count() const override { return lines_.size(); }
  std::unique_ptr<Subject> reduce(std::size_t n) const override {
    auto smaller = std::make_unique<Counters>(*this);
    smaller->lines_.erase(smaller->lines_.begin() + static_cast<std::ptrdiff_t>(n));
    return smaller;
  }
  void run(Execution& execution) override {
    counters_ = wanted_ = {}, at_ = {}, seen_ = {-1, -1}, locked_ = false;
    const std::array<ActorId, 2> actors{execution.spawn(ActorId{0}), execution.spawn(ActorId{0})};
    for (std::size_t now = 0;;) {
      const bool goes_on = ready(now), other = ready(1 - now);
      if (!goes_on && !other) break;
      const SiteId site{static_cast<std::uint32_t>(at_[now])};
      const std::array<Option, 2> both{Option{actors[now]}, Option{actors[1 - now]}};
      if (goes_on && other) now ^= execution.ask(QuestionKind::kRun, actors[now], site, 2, both);
      if (!goes_on) now ^= 1;
      if (!execution.step(actors[now], site)) return;
      const char op = lines_[at_[now]][1][0];
      const std::int32_t shown = advance(now, op);
      execution.event(actors[now], static_cast<std::uint16_t>(op), {&shown, 1});
    }
    if (counters_ == wanted_) return;
    execution.report({FindingKind::kAssertion, execution.steps(), "assertion lost addition",
                      "An addition to a counter was lost."},
                     false);
  }

 private:
  bool ready(std::size_t thread) {  // And moves on to its next line.
    std::size_t& at = at_[thread];
    while (at < lines_.size() && lines_[at][0] != kThreads[thread]) ++at;
    return at < lines_.size() && !(locking_ && locked_ && lines_[at][1] == "lock");
  }
  int advance(std::size_t thread, char op) {
    const bool second = op == 'b', adds = second || op == 'a';
    if (adds && seen_[thread] < 0) return seen_[thread] = counters_[second];
    ++at_[thread];
    if (!adds) return locked_ = op == 'l';
    ++wanted_[second];
    return counters_[second] = std::exchange(seen_[thread], -1) + 1;
  }

  std::vector<Line> lines_;
  bool locking_ = true, locked_ = false;
  std::array<int, 2> counters_{}, wanted_{}, seen_{};  // `seen_`: what a thread read, or -1.
  std::array<std::size_t, 2> at_{};                    // The line at which each thread is.
};

class CountersKind final : public SubjectKind {
 public:
  std::string_view name() const override { return "counters"; }
  std::string_view help() const override { return "two threads, two counters, a lock"; }
  std::string_view item_noun() const override { return "line"; }
  std::span<const std::string_view> first_words() const override { return kThreads; }
  std::span<const SettingInfo> settings() const override { return kSettings; }
  std::string_view arguments() const override { return "first|second a|b|lock|unlock …"; }
  Expected<std::unique_ptr<Subject>> read(LineReader& reader) const override {
    std::vector<std::string> words;
    while (next_of_subject(reader))
      words.insert(words.end(), reader.words().begin(), reader.words().end());
    auto subject = from_arguments(words);
    if (!subject) return reader.error(subject.error().message);
    return subject;
  }
  Expected<std::unique_ptr<Subject>> from_arguments(
      std::span<const std::string> words) const override {
    std::vector<Line> lines;
    for (std::size_t i = 0; i + 1 < words.size(); i += 2) {
      if (std::count(kThreads.begin(), kThreads.end(), words[i]) == 0 ||
          std::count(kOps.begin(), kOps.end(), words[i + 1]) == 0)
        return Error{"say THREAD OPERATION, not " + words[i] + " " + words[i + 1]};
      lines.push_back({words[i], words[i + 1]});
    }
    return std::unique_ptr<Subject>(std::make_unique<Counters>(std::move(lines)));
  }
};
const CountersKind kind;
const RegisteredKind registered(kind);
}  // namespace
