// reweave::check(): explores a function of a test, in the test's own process.

#include <fmt/format.h>

#include <cstdlib>
#include <memory>

#include "repro/file/workdir.h"
#include "repro/program/explored_body.h"
#include "repro/report/report.h"
#include "repro/report/terminal.h"
#include "repro/run/again.h"
#include "repro/run/nothing_seen.h"
#include "repro/run/runner.h"
#include "runtime/program/control.h"
#include "runtime/program/include/reweave/check.h"
#include "runtime/program/program_process.h"
#include "runtime/program/real.h"
#include "scheduler/search/shrink.h"
#include "scheduler/strategy/strategies.h"

namespace reweave::repro {
namespace {

struct Answer {
  bool passed = false;
  std::uint64_t executions = 0;
  std::string signature{}, report{}, schedule{};
};

Answer failed(std::string report) { return {.report = "reweave: " + std::move(report) + "\n"}; }

/// What a finding looks like for a person.
std::string report_of(const WeaveFile& file, const RunResult& run, const std::string& name,
                      const std::string& repro, std::uint64_t executions) {
  const Finding& finding = run.findings.front();
  std::string text = fmt::format("{}: {}\n{}\n", finding_kind_name(finding.kind), finding.signature,
                                 finding.message);
  text += fmt::format("found in {}, after {}; step {} of {}\n", name,
                      plural(executions, "execution"), finding.step, run.steps);
  text += file.schedule->empty() ? "the ordinary schedule shows it\n"
                                 : "the decisions that matter:\n" + file.schedule->text("  ");
  text += "to repeat it, run this test alone with\n";
  text += fmt::format("  REWEAVE_SCHEDULE='{}'\n", file.schedule->one_line());
  if (!repro.empty()) text += fmt::format("or\n  REWEAVE_SCHEDULE={}\n", repro);
  return text;
}

class BodyCheck {
 public:
  explicit BodyCheck(const reweave_check_request& request)
      : request_(request),
        name_(plain_name(request.name == nullptr ? "" : request.name)),
        kind_(request.body, request.argument),
        file_(kind_, kind_.make(name_), SettingValues(kind_.settings())) {
    SettingValues values = file_.settings();
    if (request.races != 0) values.assign("races", 1);
    file_.set_settings(values);
  }

  Answer run() {
    const char* schedule = request_.schedule;
    if (schedule == nullptr) schedule = std::getenv("REWEAVE_SCHEDULE");
    return schedule == nullptr || *schedule == '\0' ? hunt() : repeat(schedule);
  }

 private:
  Answer hunt() {
    const std::string strategy_name =
        request_.strategy == nullptr ? std::string(default_strategy(kind_)) : request_.strategy;
    Expected<std::unique_ptr<Strategy>> strategy = make_strategy(strategy_name);
    if (!strategy) return failed(strategy.error().message);
    const std::unique_ptr<Subject> subject = file_.make_subject();
    const Exploration hunt = runner_.isolator().explore(
        *subject, **strategy,
        {.budget = {.executions = request_.executions == 0 ? 10'000 : request_.executions},
         .seed = request_.seed,
         .limits = file_.limits()});
    const std::uint64_t executions = hunt.statistics.executions;
    if (!hunt.found) {
      const NothingSeen seen =
          nothing_seen(hunt.statistics, file_.limits(), unexplored_words(*subject));
      return {.passed = true,
              .executions = executions,
              .report = seen ? fmt::format("reweave: {}: {}\n", name_, seen.words) : ""};
    }
    Again again = repro::repeat(file_, *hunt.found, runner_);
    if (!again.file.schedule) return failed(again.error);
    file_ = std::move(again.file);
    Expected<Shrunk> shrunk = shrink(*subject, *file_.schedule, hunt.found->finding.signature,
                                     runner_.isolator(), file_.limits());
    if (shrunk) file_.schedule = std::move(shrunk->schedule);
    return tell(executions);
  }

  /// The one that a schedule, a file with one, or its text describes.
  Answer repeat(const std::string& text) {
    constexpr std::string_view kFirstWord = "weave ";
    if (text.starts_with(kFirstWord)) return repeat_file(text, name_);
    if (text.size() > WeaveFile::kExtension.size() && text.ends_with(WeaveFile::kExtension)) {
      const Expected<std::string> content = read_file(text);
      return content ? repeat_file(*content, text) : failed(content.error().message);
    }
    const Expected<Schedule> schedule = parse_one_line(text);
    if (!schedule) return failed("REWEAVE_SCHEDULE: " + schedule.error().message);
    file_.schedule = *schedule;
    return tell(1);
  }

  Answer repeat_file(const std::string& content, const std::string& name) {
    const SubjectKind* const kinds[] = {&kind_};
    const Expected<WeaveFile> file = read_weave(content, name, kinds);
    if (!file) return failed(file.error().message);
    file_.set_settings(file->settings());
    file_.schedule = file->schedule.value_or(Schedule());
    return tell(1);
  }

  /// Runs the file as it is now, and says what that gave.
  Answer tell(std::uint64_t executions) {
    const RunResult run = runner_.run(file_, ReplayMode::kStrict);
    if (run.outcome == Outcome::kDiverged) {
      return failed(fmt::format("{} does not follow the schedule: {}", name_,
                                divergence_words(run.divergence)));
    }
    if (run.findings.empty()) return {.passed = true, .executions = executions};
    file_.verdict = run.verdict;
    std::string repro;
    if (executions > 1) {
      const std::string content = write_weave(file_);
      const char* const folder = std::getenv("REWEAVE_OUTPUT");
      const Expected<std::string> path =
          Workdir(folder == nullptr ? "findings" : folder)
              .write_named(name_ + "-" + content_name(content), content);
      if (path) repro = *path;
    }
    return {.executions = executions,
            .signature = run.findings.front().signature,
            .report = report_of(file_, run, name_, repro, executions),
            .schedule = file_.schedule->one_line()};
  }

  const reweave_check_request& request_;
  std::string name_;
  BodyKind kind_;
  WeaveFile file_;
  Runner runner_;
};

Answer& last_answer() {
  static Answer answer;
  return answer;
}

Answer check_body(const reweave_check_request& request, char* stack) {
  if (reinterpret_cast<std::uintptr_t>(thread_pointer()) != program::globals.main_thread)
    return failed("reweave::check() has to be called on the main thread");
  static std::size_t own_threads = 0;
  if (thread_count() > 1 + own_threads) {
    return failed(
        "other threads run in this process, which nobody controls: end them before "
        "reweave::check()");
  }
  program::process().prepare_body(stack);
  Answer answer = BodyCheck(request).run();
  program::process().release();
  own_threads = thread_count() - 1;  // Borrowed ones stay.
  return answer;
}

}  // namespace
}  // namespace reweave::repro

REWEAVE_STAND_IN void reweave_check(const reweave_check_request* request,
                                    reweave_check_answer* answer) {
  using namespace reweave;
  if (program::is_controlled()) {  // Inside of another exploration.
    request->body(request->argument);
    *answer = {1, 1, "", "", ""};
    return;
  }
  program::globals.program_allocates = false;
  // The caller's frame begins above the return address of this function.
  char* const stack = static_cast<char*>(__builtin_frame_address(0)) + 2 * sizeof(void*);
  repro::Answer& last = repro::last_answer();
  last = repro::check_body(*request, stack);
  *answer = {last.passed ? 1 : 0, last.executions, last.signature.c_str(), last.report.c_str(),
             last.schedule.c_str()};
  program::globals.program_allocates = true;
}

REWEAVE_STAND_IN void reweave_main_returned(int code, int (*main)(int, char**, char**)) {
  using namespace reweave::program;
  if (!is_controlled()) return;
  control().main_returned(code, reinterpret_cast<const char*>(main) + 1);  // A place in it.
}

REWEAVE_STAND_IN void reweave_fail(const char* message) {
  using namespace reweave::program;
  if (!is_controlled()) {
    std::fprintf(stderr, "reweave::fail() outside of reweave::check(): %s\n", message);
    std::abort();
  }
  control().fail(reweave::FindingKind::kAssertion, "fail", message, CallStack::here());
}
