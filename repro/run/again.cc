#include "repro/run/again.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "repro/run/interrupts.h"

namespace reweave::repro {

std::string stated_signature(const Finding& finding) {
  return verdict_of({finding}, {}, std::nullopt).findings.front().signature;
}

std::string what_it_did(const RunResult& run) {
  if (run.cancelled) return "it was interrupted";
  if (run.killed) return "its process was ended from outside";
  if (run.outcome == Outcome::kDiverged) return "it diverged " + divergence_words(run.divergence);
  if (!run.findings.empty()) return fmt::format("it found \"{}\"", run.findings.front().signature);
  return fmt::format("it ended as \"{}\"", outcome_name(run.outcome));
}

Finding nondeterminism_of(const Found& found) {
  Finding finding = found.finding;
  finding.message = fmt::format(
      "Execution {} did something else when it was repeated. {}\nNo repro of it could be trusted. "
      "Look for what no answer decides: the time stamp counter, random bytes or a clock "
      "that is read past libc, an address that is compared or hashed, memory that was never "
      "written, "
      "what other processes do.",
      found.execution, found.finding.message);
  return finding;
}

namespace {

/// As repeat(), within the limits of the file.
Again repeat_within(WeaveFile file, const Found& found, Runner& runner) {
  Again again{.file = std::move(file)};
  Expected<Schedule> schedule = schedule_of_found(again.file, found, runner);
  if (!schedule) {
    again.error = schedule.error().message;
    return again;
  }
  again.file.schedule = std::move(schedule).value();
  again.file.verdict = verdict_of({found.finding}, {}, std::nullopt);  // What is expected.
  again.run = runner.run(again.file, ReplayMode::kStrict);
  const auto is_it = [&](const Finding& finding) {
    return found.died || finding.signature == found.finding.signature;
  };
  again.shows = !again.run.killed && !again.run.cancelled &&
                std::any_of(again.run.findings.begin(), again.run.findings.end(), is_it);
  again.file.verdict = again.run.verdict;
  if (!again.shows) {
    again.error = fmt::format(
        "the finding \"{}\" of execution {} does not show again: the subject is not deterministic "
        "(once more, {})",
        found.finding.signature, found.execution, what_it_did(again.run));
  }
  return again;
}

/// Until a program is known to go round in circles it takes millions of steps; that it does shows
/// after far fewer, and whoever repeats or shrinks it needs no more.
std::optional<Again> repeat_shorter(const WeaveFile& file, const Found& found, Runner& runner) {
  const bool is_endless = found.finding.kind == FindingKind::kLivelock && !found.died;
  if (!is_endless || !file.kind().is_compiled()) return std::nullopt;
  constexpr std::uint64_t kStepsMax[] = {50'000, 1'000'000};
  for (const std::uint64_t steps_max : kStepsMax) {
    if (steps_max >= file.limits().steps_max || found.steps < steps_max) break;
    WeaveFile shorter = file;
    SettingValues settings = file.settings();
    settings.assign("steps-max", static_cast<std::int64_t>(steps_max));
    shorter.set_settings(settings);
    Again again = repeat_within(std::move(shorter), found, runner);
    if (again.shows) return again;
  }
  return std::nullopt;
}

}  // namespace

Again repeat(WeaveFile file, const Found& found, Runner& runner) {
  std::optional<Again> shorter = repeat_shorter(file, found, runner);
  return shorter ? *std::move(shorter) : repeat_within(std::move(file), found, runner);
}

bool shows_again(WeaveFile file, const Found& found, Runner& runner, std::optional<Again>& again) {
  runner.isolator().set_keep_going(Interrupts::keep_going());
  again = repeat(std::move(file), found, runner);
  runner.isolator().set_keep_going(nullptr);
  const bool another_way = !again->file.schedule || again->run.outcome == Outcome::kDiverged;
  if (again->shows || (another_way && !Interrupts::pending())) return true;
  again.reset();
  return false;
}

}  // namespace reweave::repro
