#include "repro/run/runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "repro/report/terminal.h"
#include "scheduler/base/internal_check.h"
#include "scheduler/search/determinism.h"

namespace reweave::repro {
namespace {

const Schedule& schedule_of(const WeaveFile& file) {
  static const Schedule ordinary;
  return file.schedule ? *file.schedule : ordinary;
}

/// It crashes or hangs, and the file does not say so: perhaps something disturbed it.
bool is_unexpected(const IsolatedRun& run, const WeaveFile& file) {
  if (!run.died || run.cancelled || !run.finding) return false;
  const FindingKind kind = run.finding->kind;
  if (kind != FindingKind::kCrash && kind != FindingKind::kHang) return false;
  if (!file.verdict) return true;
  const std::vector<StatedFinding>& stated = file.verdict->findings;
  return std::none_of(stated.begin(), stated.end(),
                      [kind](const StatedFinding& finding) { return finding.kind == kind; });
}

/// A sentence; "" if it did not.
std::string how_it_died(const IsolatedRun& run) {
  if (!run.died) return "";
  return fmt::format("{}, but not when it was repeated",
                     run.killed ? "its process was killed by somebody else, or had no memory"
                                : fmt::format("it ended its process (\"{}\")",
                                              run.finding ? run.finding->signature : ""));
}

}  // namespace

void leave_out_livelock(const WeaveFile& file, std::vector<Finding>& findings) {
  if (file.livelock_counts || findings.empty()) return;
  if (!counts_unless_livelock(findings.front())) findings.clear();
}

std::string divergence_words(const Divergence& divergence) {
  return fmt::format("at step {}: expected {}; found {}", divergence.step, divergence.expected,
                     divergence.found);
}

std::string where_they_part(const WeaveFile& file) {
  constexpr int kTries = 20;
  const std::unique_ptr<Subject> subject = file.make_subject();
  Execution execution(file.limits());
  for (int i = 0; i < kTries; ++i) {
    replay(*subject, execution, schedule_of(file), ReplayMode::kLenient);
    const std::optional<Finding> finding = check_determinism(*subject, execution);
    if (finding) return finding->message;
  }
  return fmt::format("repeated {} times more it did the same", kTries);
}

RunResult Runner::run(const WeaveFile& file, ReplayMode mode, bool keep_log) {
  const std::unique_ptr<Subject> subject = file.make_subject();
  const Schedule& schedule = schedule_of(file);
  RunResult run;
  IsolatedRun first = isolator_.replay(*subject, schedule, mode, file.limits());
  if (first.killed || is_unexpected(first, file)) {
    std::string once = how_it_died(first);
    first = isolator_.replay(*subject, schedule, mode, file.limits());
    if (!first.cancelled && once != how_it_died(first)) run.disturbance = std::move(once);
  }
  run.outcome = first.outcome;
  run.steps = first.steps;
  if (first.died) {
    run.died = true;
    run.killed = first.killed;
    run.cancelled = first.cancelled;
    run.outcome = Outcome::kFinding;
    if (first.finding) run.findings.push_back(std::move(*first.finding));
    run.followed = std::move(first.schedule);
    run.standard_error = std::move(first.standard_error);
    run.verdict = verdict_of(run.findings, {}, std::nullopt);
    return run;
  }
  Execution execution(file.limits());
  replay(*subject, execution, schedule, mode, keep_log);
  run.outcome = execution.outcome();
  run.divergence = execution.divergence();
  run.findings = execution.findings();
  leave_out_livelock(file, run.findings);
  run.followed = named_schedule(*subject, execution);
  run.steps = execution.steps();
  if (keep_log) run.log = describe_log(*subject, execution);
  if (execution.trace_hash() != first.trace_hash) {
    run.outcome = Outcome::kDiverged;
    run.divergence = {
        .step = execution.steps(),
        .expected = fmt::format("trace hash {:016x}, as in a child process", first.trace_hash),
        .found = fmt::format("{:016x}: the subject is not deterministic", execution.trace_hash())};
    run.parting = where_they_part(file);
  }
  run.verdict = verdict_of(run.findings, subject->results(), execution.trace_hash());
  return run;
}

Runner::Repeated Runner::count_same(const WeaveFile& file, ReplayMode mode, const RunResult& run,
                                    std::uint64_t times, const std::function<bool()>& keep_going) {
  const std::unique_ptr<Subject> subject = file.make_subject();
  Execution execution(file.limits());
  Repeated repeated;
  for (; repeated.done < times && (!keep_going || keep_going()); ++repeated.done) {
    if (run.died) {
      const IsolatedRun again = isolator_.replay(*subject, schedule_of(file), mode, file.limits());
      if (again.cancelled) break;
      const bool agrees = again.died && again.finding && !run.findings.empty() &&
                          again.finding->signature == run.findings.front().signature &&
                          again.finding->step == run.findings.front().step;
      repeated.same += agrees ? 1 : 0;
    } else {
      replay(*subject, execution, schedule_of(file), mode);
      repeated.same += execution.trace_hash() == run.verdict.trace_hash ? 1 : 0;
    }
  }
  return repeated;
}

Expected<Schedule> schedule_of_found(const WeaveFile& file, const Found& found, Runner& runner) {
  if (!found.complete) {
    return Error{
        "the execution gave more answers than can be kept of a process that died; hunt with a "
        "smaller "
        "questions-max"};
  }
  const std::unique_ptr<Subject> subject = file.make_subject();
  if (!found.died) return record(*subject, found.answers, file.limits());
  IsolatedRun run = runner.isolator().record(*subject, found.answers, file.limits());
  if (run.killed) run = runner.isolator().record(*subject, found.answers, file.limits());
  if (run.cancelled) return Error{"it was interrupted before its answers had names"};
  if (run.outcome == Outcome::kDiverged && !run.died) {
    return Error{"the subject is not deterministic: " + divergence_words(run.divergence)};
  }
  return std::move(run.schedule);
}

std::vector<std::string> describe_log(const Subject& subject, const Execution& execution,
                                      std::size_t lines_max) {
  CHECK(lines_max % 2 == 0);
  const std::size_t all = execution.log().size() + execution.notes().size();
  std::vector<std::string> lines;
  std::size_t index = 0;
  const auto add = [&](const Event& event) {
    const std::size_t at = index++;
    if (all > lines_max && at >= lines_max / 2 && at < all - lines_max / 2) {
      if (at == lines_max / 2)
        lines.push_back(fmt::format("… {} lines left out …", with_commas(all - lines_max)));
      return;
    }
    const std::string site = event.site == kNowhere ? "" : subject.site_name(event.site);
    const std::string what = subject.describe(event);
    if (what.empty() && site.empty()) return;
    std::string line =
        fmt::format("{:>5}  {:<8} {}", event.step, execution.actor_path(event.actor), what);
    if (!site.empty()) line = fmt::format("{:<40}  {}", line, site);
    lines.push_back(std::move(line));
  };
  auto note = execution.notes().begin();
  const auto notes_end = execution.notes().end();
  for (std::size_t place = 0; place <= execution.log().size(); ++place) {
    for (; note != notes_end && note->place == place; ++note) add(note->event);
    if (place < execution.log().size()) add(execution.log()[place]);
  }
  return lines;
}

}  // namespace reweave::repro
