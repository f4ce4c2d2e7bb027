#include "repro/command/hunt_all.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "repro/campaign/good_turing.h"
#include "repro/campaign/known.h"
#include "repro/file/workdir.h"
#include "repro/report/printable.h"
#include "repro/run/interrupts.h"
#include "repro/run/nothing_seen.h"
#include "repro/run/process.h"
#include "repro/run/search_all.h"
#include "scheduler/search/determinism.h"
#include "scheduler/search/shrink.h"

namespace reweave::repro {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t kShrinkExecutions = 20'000;
constexpr int kConfirmMs = 600'000;

/// A signature that the hunt found.
struct Caught {
  std::string signature{};
  Finding finding{};
  std::uint64_t execution = 0;
  bool shrunk = false;  // Nothing more can be deleted.
  std::size_t answers = 0;
  std::string repro{};        // "": it could not be written.
  std::string not_written{};  // Then why, and its text, so that nothing is lost.
  std::string text{};
};

class Hunt {
 public:
  Hunt(const CommandLine& line, const HuntAll& hunt, Runner& runner)
      : line_(line), hunt_(hunt), runner_(runner) {}

  int run(Subject& subject, std::span<Strategy* const> strategies, const ExploreOptions& options,
          Progress& progress);

 private:
  std::string take(const Found& found);
  void shrink(WeaveFile& file, Caught& caught);
  bool write_and_confirm(const WeaveFile& file, Caught& caught);
  const char* stopped_by() const;
  int exit_code() const;
  std::string verdict() const;
  std::string render_text() const;
  std::string render_json() const;
  Json signatures_json() const;
  std::uint64_t times(const std::string& signature) const;
  /// Several processes run ahead of each other and count twice.
  bool counts() const { return jobs_ == 1; }

  const CommandLine& line_;
  const HuntAll& hunt_;
  Runner& runner_;
  std::size_t jobs_ = 1;
  std::optional<Again> again_;  // Of what died.
  std::set<std::string> known_;
  std::vector<Caught> caught_;
  std::vector<std::string> notes_;
  AllSearched all_;
  NothingSeen seen_;
  double seconds_ = 0;
  std::string kind_;
};

/// The finding of that signature; null if there is none.
const Finding* find_finding(const RunResult& run, std::string_view signature) {
  for (const Finding& finding : run.findings) {
    if (stated_signature(finding) == signature) return &finding;
  }
  return nullptr;
}

/// Puts the smaller form into `file`, if it shows the same when it is run once more.
void Hunt::shrink(WeaveFile& file, Caught& caught) {
  const std::unique_ptr<Subject> subject = file.make_subject();
  Expected<Shrunk> shrunk = reweave::shrink(
      *subject, *file.schedule, caught.finding.signature, runner_.isolator(), file.limits(),
      {.executions_max = kShrinkExecutions, .keep_going = Interrupts::keep_going()});
  if (!shrunk) {  // Another finding comes before it, for example.
    notes_.push_back(fmt::format("not shrunk: {}: {}", caught.signature, shrunk.error().message));
    return;
  }
  WeaveFile smaller = file;
  if (shrunk->subject) smaller.set_subject(std::move(shrunk->subject));
  smaller.schedule = std::move(shrunk->schedule);
  smaller.verdict.reset();
  const RunResult run = runner_.run(smaller, ReplayMode::kStrict);
  const Finding* const finding = find_finding(run, caught.signature);
  if (finding == nullptr) {
    notes_.push_back(
        fmt::format("not shrunk: {}: the smaller form does not show it again", caught.signature));
    return;
  }
  smaller.verdict = run.verdict;
  caught.finding = *finding;
  caught.shrunk = shrunk->minimal;
  file = std::move(smaller);
}

/// False: in a fresh process it does something else, so it is no finding.
bool Hunt::write_and_confirm(const WeaveFile& file, Caught& caught) {
  caught.text = write_weave(file);
  caught.answers = file.schedule->answers.size();
  const Expected<std::string> path = Workdir(hunt_.output).write_repro(file, caught.finding.kind);
  if (!path) {
    caught.not_written = path.error().message;
    return true;
  }
  caught.repro = *path;
  const ProcessResult check = run_process(
      {own_program(), "check", fmt::format("--hang-ms={}", hunt_.hang_ms), caught.repro},
      {.timeout_ms = kConfirmMs});
  if (check.succeeded()) return true;
  std::error_code ignored;
  std::filesystem::remove(caught.repro, ignored);
  notes_.push_back(fmt::format("not confirmed by a process of its own: {} (execution {}): {}",
                               caught.signature, caught.execution, check.output));
  return false;
}

std::string Hunt::take(const Found& found) {
  if (is_nondeterminism(found.finding)) {
    std::string words = nondeterminism_of(found).message;
    std::replace(words.begin(), words.end(), '\n', ' ');
    notes_.push_back(std::move(words));
    return "";
  }
  const Again again = again_ ? *std::exchange(again_, std::nullopt)
                             : repeat(hunt_.file_of(found.execution), found, runner_);
  if (!again.shows) {
    notes_.push_back(again.error);
    return "";
  }
  Caught caught{.execution = found.execution};
  const std::string wanted =
      stated_signature(found.died ? again.run.findings.front() : found.finding);
  caught.finding = *find_finding(again.run, wanted);
  caught.signature = wanted;
  if (known_.count(wanted) > 0) return wanted;  // It died, and nobody knew before of what.
  WeaveFile file = again.file;
  if (hunt_.shrink) shrink(file, caught);
  if (!write_and_confirm(file, caught)) return "";
  known_.insert(wanted);
  caught_.push_back(std::move(caught));
  return wanted;
}

const char* Hunt::stopped_by() const {
  if (all_.unstable == AllSearched::kUnstableMax) return "not deterministic";
  if (all_.searched.gave_up) return "disturbed";
  switch (all_.searched.exploration.reason) {
    case StopReason::kFound:
    case StopReason::kExecutions:
      return "executions";
    case StopReason::kSeconds:
      return "seconds";
    case StopReason::kExhausted:
      return "exhausted";
    case StopReason::kCancelled:
      return "interrupted";
  }
  return "";
}

int Hunt::exit_code() const {
  for (const Caught& caught : caught_) {
    if (!caught.not_written.empty()) return kExitOutput;
  }
  if (!caught_.empty()) return kExitFinding;
  if (all_.unstable > 0 || all_.searched.disturbances.crashed_once() > 0) return kExitDiverged;
  if (all_.searched.gave_up) return kExitUnavailable;
  return Interrupts::pending() ? Interrupts::exit_code() : kExitClean;
}

std::string Hunt::verdict() const {
  switch (exit_code()) {
    case kExitClean:
      return seen_ ? seen_.verdict : "clean";
    case kExitDiverged:
      return "diverged";
    case kExitUnavailable:
      return "disturbed";
    default:
      return caught_.empty() ? "interrupted" : "finding";
  }
}

std::uint64_t Hunt::times(const std::string& signature) const {
  const auto found = all_.times.find(signature);
  return found == all_.times.end() ? 0 : found->second;
}

Json Hunt::signatures_json() const {
  Json list = Json::array();
  for (const Caught& caught : caught_) {
    Json row = {
        {"signature", caught.signature},     {"kind", finding_kind_name(caught.finding.kind)},
        {"message", caught.finding.message}, {"execution", caught.execution},
        {"answers", caught.answers},         {"minimal", caught.shrunk}};
    row["times"] = counts() ? Json(times(caught.signature)) : Json(nullptr);
    row["repro"] = caught.repro.empty() ? Json(nullptr) : Json(caught.repro);
    if (!caught.not_written.empty()) {
      row["error"] = caught.not_written;
      row["repro_text"] = caught.text;
    }
    list.push_back(std::move(row));
  }
  return list;
}

std::string Hunt::render_json() const {
  const Exploration& exploration = all_.searched.exploration;
  Json json = {{"schema", Report::kSchema},
               {"command", "hunt"},
               {"file", hunt_.name},
               {"subject", kind_},
               {"verdict", verdict()},
               {"signatures", signatures_json()},
               {"masked", Json::array()},
               {"executions", exploration.statistics.executions},
               {"questions", exploration.statistics.questions},
               {"stopped", exploration.statistics.stopped()},
               {"seconds", seconds_}};
  if (all_.parts == 1) {
    json["distinct"] = exploration.statistics.distinct;
    json["distinct_is_exact"] = exploration.statistics.distinct_is_exact;
  }
  for (const auto& [signature, count] : all_.times) {
    const bool is_new = std::any_of(
        caught_.begin(), caught_.end(),
        [&masked = signature](const Caught& caught) { return caught.signature == masked; });
    if (is_new) continue;
    json["masked"].push_back(
        {{"signature", signature}, {"times", counts() ? Json(count) : Json(nullptr)}});
  }
  if (counts()) json["left"] = leftover(all_.times, exploration.statistics.executions).text();
  if (!notes_.empty()) json["notes"] = notes_;
  for (const auto& [name, value] : hunt_.facts) json[name] = value;
  json["stopped_by"] = stopped_by();
  if (exploration.reason == StopReason::kCancelled) json["signal"] = Interrupts::name();
  if (exploration.next != UINT64_MAX) json["next"] = fmt::format("{}", exploration.next);
  return json.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n";
}

std::string Hunt::render_text() const {
  const Statistics& statistics = all_.searched.exploration.statistics;
  std::string text =
      fmt::format("{} found in {}, {:.2f} s, stopped by: {}\n", plural(caught_.size(), "signature"),
                  plural(statistics.executions, "execution"), seconds_, stopped_by());
  std::uint64_t masked = 0, masked_times = 0;
  for (const auto& [signature, count] : all_.times) masked_times += count, ++masked;
  for (const Caught& caught : caught_) {
    --masked, masked_times -= times(caught.signature);
    text += fmt::format("\n{}\n", line_.terminal().bold(printable(caught.signature)));
    text += fmt::format("  seen       {}first in execution {}\n",
                        counts() ? plural(times(caught.signature), "time") + ", " : "",
                        with_commas(caught.execution));
    text += fmt::format("  answers    {}{}\n", caught.answers,
                        caught.shrunk ? ", nothing more can be deleted" : "");
    if (!caught.not_written.empty()) {
      text += fmt::format("  {}; to be kept by hand, what follows:\n{}",
                          printable(caught.not_written), caught.text);
      continue;
    }
    text += fmt::format("  reproduce  {} replay {}\n", shell_word(own_program()),
                        shell_file(caught.repro));
  }
  if (!caught_.empty()) text += "\n";
  if (masked > 0) {
    text += fmt::format("  masked     {}{}\n", plural(masked, "known signature"),
                        counts() ? ", seen " + plural(masked_times, "time") : "");
  }
  if (counts())
    text += fmt::format("  left       {}\n", leftover(all_.times, statistics.executions).text());
  for (const std::string& note : notes_) text += fmt::format("  note       {}\n", printable(note));
  std::string facts;
  for (const auto& [name, value] : hunt_.facts)
    facts += fmt::format("{}{} {}", facts.empty() ? "" : ", ", name, printable(value));
  return text + fmt::format("  with       {}\n", facts);
}

int Hunt::run(Subject& subject, std::span<Strategy* const> strategies,
              const ExploreOptions& options, Progress& progress) {
  const FoundRepros known = find_repros(hunt_.known);
  for (const std::string& trouble : known.troubles) notes_.push_back(trouble);
  known_ = known.signatures();
  jobs_ = strategies.size();
  kind_ = hunt_.file_of(options.first_execution).kind().name();
  const Stopwatch stopwatch;
  all_ = search_all(
      subject, strategies, options, {.hang_ms = hunt_.hang_ms}, known_,
      [&](const Found& found) {
        return shows_again(hunt_.file_of(found.execution), found, runner_, again_);
      },
      [&](const Found& found) { return take(found); });
  seconds_ = stopwatch.seconds();
  progress.finish();
  const Searched& searched = all_.searched;
  const std::vector<std::string> disturbances = searched.disturbances.notes();
  notes_.insert(notes_.end(), disturbances.begin(), disturbances.end());
  const Statistics& statistics = searched.exploration.statistics;
  if (caught_.empty()) {
    seen_ = nothing_seen(statistics, options.limits, unexplored_words(subject));
    if (seen_) notes_.push_back(seen_.words);
  }
  for (const std::string& note : limit_notes(statistics, options.limits, subject.places_of_stop()))
    notes_.push_back(note);
  for (const std::string& escape : subject.escapes())
    notes_.push_back("not under control: " + escape);
  const bool is_json = line_.format() == Format::kJson;
  return print_and_return(is_json ? render_json() : render_text(), exit_code());
}

}  // namespace

int hunt_all(const CommandLine& line, const HuntAll& hunt, Subject& subject,
             std::span<Strategy* const> strategies, const ExploreOptions& options, Runner& runner,
             Progress& progress) {
  return Hunt(line, hunt, runner).run(subject, strategies, options, progress);
}

}  // namespace reweave::repro
