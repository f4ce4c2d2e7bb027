// `reweave replay`: repeats the execution that a repro describes, exactly.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>

#include "repro/command/input.h"
#include "repro/command/quantity.h"
#include "repro/debugger/shown_state.h"
#include "repro/file/tasklet_file.h"
#include "repro/file/workdir.h"
#include "repro/judge/doctor.h"
#include "repro/program/program_kind.h"
#include "repro/report/lingering_report.h"
#include "repro/report/stopwatch.h"
#include "repro/run/debugging.h"
#include "repro/run/interrupts.h"
#include "repro/run/nothing_seen.h"
#include "repro/run/process.h"
#include "repro/view/timeline.h"

namespace reweave::repro {
namespace {

struct ReplayFlags {
  InputFlags input;
  SettingsFlags settings;
  std::uint64_t times = 1;
  bool trace = false;
  bool lingering = false;
  std::string timeline;
  std::uint64_t break_at_step = 0;
  bool in_process = false;
  bool gdb = false;
  std::vector<std::string> gdb_commands;
  std::string rr;
  std::uint64_t hang_ms = 10'000;
};

void add_flags(CLI::App& app, ReplayFlags& flags, Kinds kinds) {
  flags.input.add(app, "A repro, or a file with a subject", kinds);
  app.add_option("--times", flags.times,
                 "So many executions, which must have one trace hash; also: --check-determinism")
      ->type_name("N")
      ->transform(count_from(1, 1'000'000'000));
  app.add_option("--check-determinism", flags.times, "The same as --times")
      ->type_name("N")
      ->transform(count_from(1, 1'000'000'000))
      ->group("");
  app.add_flag("--trace", flags.trace, "Show every event");
  if (find_kind(kinds, WeaveFile::kDefaultKind)) {
    app.add_flag("--lingering", flags.lingering,
                 "Show cyclic garbage: what only cycles kept alive, and the cycles");
  }
  if (find_kind(kinds, WeaveFile::kDefaultKind) || find_kind(kinds, program_kind().name())) {
    app.add_option("--timeline", flags.timeline,
                   "Write what each thread and tasklet did when, for ui.perfetto.dev")
        ->type_name("FILE");
  }
  app.add_option("--break-at-step", flags.break_at_step,
                 "Under a debugger: stop where this step begins")
      ->type_name("N")
      ->check(whole_number());
  app.add_option("--until-step", flags.break_at_step)
      ->check(whole_number())
      ->group("");  // The same.
  app.add_flag(
      "--gdb", flags.gdb,
      "Start gdb, stopped at the step of the finding, or at --break-at-step; `help reweave` "
      "there");
  app.add_option("--ex", flags.gdb_commands, "With --gdb: a command of gdb, as its own -ex")
      ->type_name("COMMAND")
      ->group("");
  app.add_flag("--in-process", flags.in_process, "Not in a child: for debuggers");
  app.add_option("--rr", flags.rr, "Record by rr: require, or auto to go on without")
      ->type_name("WORD");
  add_hang_flag(app, flags.hang_ms);
  flags.settings.add(app, kinds);
}

/// For debuggers: one execution here and now, with a breakpoint if wanted. It may take this process
/// with it.
RunResult run_in_process(const WeaveFile& file, ReplayMode mode, const ReplayFlags& flags) {
  const std::unique_ptr<Subject> subject = file.make_subject();
  Execution execution(file.limits());
  if (flags.break_at_step != 0) break_at_step(execution, flags.break_at_step);
  show_state_of(is_about_tasklets(file) ? &runtime::scenario_subject(*subject) : nullptr,
                &execution);
  // A debugger that wants to go back lets it end, and has it run again.
  do {
    reweave_run_again = 0;
    replay(*subject, execution, file.schedule.value_or(Schedule{}), mode, flags.trace);
  } while (reweave_run_again != 0);
  RunResult run;
  show_state_of(nullptr, nullptr);
  run.outcome = execution.outcome();
  run.divergence = execution.divergence();
  run.findings = execution.findings();
  leave_out_livelock(file, run.findings);
  run.followed = named_schedule(*subject, execution);
  run.steps = execution.steps();
  run.log = describe_log(*subject, execution);
  run.verdict = verdict_of(run.findings, subject->results(), execution.trace_hash());
  return run;
}

/// --gdb: does not return but with an error.
int replay_under_gdb(const CommandLine& line, const ReplayFlags& flags, const WeaveFile& file) {
  std::uint64_t step = flags.break_at_step;
  if (step == 0 && file.verdict && !file.verdict->findings.empty())
    step = file.verdict->findings.front().step;
  if (step == 0 && is_about_tasklets(file)) {
    // A file that says it is clean is looked at because it is not.
    Runner runner({.hang_ms = flags.hang_ms});
    const RunResult now = runner.run(file, ReplayMode::kLenient);
    if (!now.findings.empty()) step = now.findings.front().step;
  }
  std::vector<std::string> command = {
      own_program(), "replay", flags.input.file,
      fmt::format("--break-at-step={}", std::max<std::uint64_t>(step, 1))};
  if (!flags.input.target.empty()) command.push_back("--target=" + flags.input.target);
  for (const std::string& word : flags.settings.words()) command.push_back(word);
  std::vector<std::string> more = {"-ex", "run"};
  if (is_about_tasklets(file)) more.insert(more.end(), {"-ex", "reweave where"});
  for (const std::string& each : flags.gdb_commands) more.insert(more.end(), {"-ex", each});
  if (!flags.gdb_commands.empty()) more.insert(more.begin(), "-batch");
  return line.fail(become_gdb(command, more), kExitUnavailable);
}

/// --rr: tries; the exit code of the whole command, or -1 to go on without rr.
int replay_under_rr(const CommandLine& line, const ReplayFlags& flags) {
  const RrProbe rr = probe_rr();
  if (!rr.works()) {
    const std::string why =
        fmt::format("rr cannot record here: {}. To mend it: {}. {}{}", rr.cause, rr.fix,
                    rr.detail.empty() ? "" : fmt::format("rr says: {}. ", rr.detail),
                    "Instead: " + instead_of_rr());
    if (flags.rr == "require") return line.fail(why, kExitUnavailable);
    line.warn(why + "\n--rr=auto goes on without rr");
    return -1;
  }
  const std::string trace = flags.input.file + ".rr";
  if (std::filesystem::exists(trace)) {
    return line.fail(fmt::format("{} exists already; delete it, or replay it: rr replay {}", trace,
                                 shell_file(trace)));
  }
  std::vector<std::string> command = {own_program(), "replay", flags.input.file, "--in-process"};
  if (!flags.input.target.empty()) command.push_back("--target=" + flags.input.target);
  for (const std::string& word : flags.settings.words()) command.push_back(word);
  std::string trouble;
  const int code = record_by_rr(rr, command, trace, trouble);
  if (code < 0) return line.fail(trouble, kExitUnavailable);
  fmt::print(stderr, "recorded; to go through it, forwards and backwards:\n  rr replay {}\n",
             shell_file(trace));
  return code;
}

/// What the run and its repetitions mean, given what the file says.
int judge(const WeaveFile& file, const RunResult& run, const Runner::Repeated& repeated,
          const ReplayFlags& flags, Report& report) {
  if (run.outcome == Outcome::kDiverged) {
    report.headline =
        fmt::format("DIVERGED at step {}\n  expected   {}\n  found      {}", run.divergence.step,
                    run.divergence.expected, run.divergence.found);
    if (!run.parting.empty()) {
      report.notes.push_back(run.parting);
    } else if (!flags.settings.any()) {
      report.headline += fmt::format("\n  edited since? `{} rehunt {}` finds it near by",
                                     shell_word(own_program()), shell_file(flags.input.file));
    }
    return kExitDiverged;
  }
  if (repeated.same != repeated.done) {
    report.headline = fmt::format("NOT DETERMINISTIC: {} of {} did the same",
                                  with_commas(repeated.same), plural(repeated.done, "execution"));
    if (!run.died) report.notes.push_back(where_they_part(file));
    return kExitDiverged;
  }
  if (flags.times > 1) {
    report.headline = fmt::format("{} of {} executions did the same", with_commas(repeated.same),
                                  with_commas(repeated.done));
  }
  if (file.verdict && !flags.settings.any()) {
    const std::string other = difference(*file.verdict, run.verdict, file.kind().is_compiled());
    if (!other.empty()) {
      report.headline = "CHANGED: " + other;
      return kExitChanged;
    }
  }
  const std::string limit = limit_words(run.outcome, file.limits());
  if (run.findings.empty() && !limit.empty()) {
    report.headline =
        fmt::format("nothing was found up to the limit of {}, where it was stopped", limit);
    if (const std::vector<std::string> places = file.subject().places_of_stop(); !places.empty())
      report.headline += fmt::format(": {}", fmt::join(places, ", "));
    report.verdict = kStoppedVerdict;
  } else if (run.findings.empty() && run.outcome == Outcome::kQuestionLimit) {
    report.headline =
        fmt::format("clean; beyond {} questions (questions-max) every answer was the ordinary one",
                    with_commas(file.limits().questions_max));
  }
  return run.findings.empty() ? kExitClean : kExitFinding;
}

/// Interrupted: what there is so far counts, but it is not all that was asked for.
int tell_interrupted(const Runner::Repeated& repeated, const ReplayFlags& flags, Report& report) {
  report.verdict = "interrupted";
  report.headline = fmt::format("interrupted by {}: {} of {} executions did the same so far, of {}",
                                Interrupts::cause(), with_commas(repeated.same),
                                with_commas(repeated.done), with_commas(flags.times));
  report.facts.emplace_back("signal", Interrupts::name());
  return Interrupts::exit_code();
}

/// With --break-at-step: there was no such step to stop at.
void tell_of_step(const CommandLine& line, const ReplayFlags& flags, const RunResult& run) {
  if (flags.break_at_step <= run.steps) return;
  line.warn(
      fmt::format("--break-at-step {}: it does not come to that step, for the execution has {}",
                  flags.break_at_step, plural(run.steps, "step")));
}

/// The subject's own timeline, for which it runs once more; "" if it has none.
std::string draw_subject(const WeaveFile& file, ReplayMode mode) {
  const std::unique_ptr<Subject> subject = file.make_subject();
  Execution execution(file.limits());
  replay(*subject, execution, file.schedule.value_or(Schedule{}), mode, /*keep_log=*/true);
  return subject->timeline();
}

/// What is drawn, of tasklets or of programs: adds it to the report, or writes it. The exit code if
/// it cannot be drawn, else nothing.
std::optional<int> draw(const CommandLine& line, const ReplayFlags& flags, const WeaveFile& file,
                        const RunResult& run, ReplayMode mode, Report& report) {
  if (!flags.lingering && flags.timeline.empty()) return std::nullopt;
  const bool tasklets = is_about_tasklets(file);
  if (flags.lingering && !tasklets) return line.fail("--lingering looks at tasklets alone");
  if (flags.lingering && !run.died) report.lingering = find_lingering(file, mode);
  if (flags.timeline.empty()) return std::nullopt;
  if (run.died) return line.fail("there is no timeline of what ends its process", kExitUnavailable);
  const std::string timeline = tasklets ? draw_timeline(file, mode) : draw_subject(file, mode);
  if (timeline.empty()) return line.fail("--timeline draws tasklets and programs alone");
  const Status written = write_file(flags.timeline, timeline);
  if (!written) return line.fail(written.error(), kExitOutput);
  return std::nullopt;
}

int replay_file(const CommandLine& line, const ReplayFlags& flags, const Arguments& arguments,
                Kinds kinds) {
  if (!flags.rr.empty() && flags.rr != "auto" && flags.rr != "require") {
    return line.fail(fmt::format("--rr={}: say auto or require", flags.rr));
  }
  const bool in_process = flags.in_process || flags.break_at_step != 0;
  if (Interrupts::time_is_limited() && (in_process || flags.gdb || !flags.rr.empty())) {
    return line.fail(
        "--seconds ends a child: it is not for --in-process, --break-at-step, --gdb and --rr");
  }
  Runner runner({.hang_ms = flags.hang_ms});
  const Expected<WeaveFile> file = load_input(flags.input, flags.settings, runner, kinds);
  if (!file) return line.fail(file.error());
  if ((flags.gdb || !flags.rr.empty()) && is_standard_input(flags.input.file)) {
    return line.fail(fmt::format(
        "{}: --gdb and --rr read it anew; write it into a file and name that", flags.input.file));
  }
  if (flags.gdb) return replay_under_gdb(line, flags, *file);
  if (const std::optional<int> code = run_elsewhere(*file, "replay", arguments)) return *code;
  if (!flags.timeline.empty()) {
    if (Status status = try_to_write_file(flags.timeline); !status)
      return line.fail(status.error(), kExitOutput);
  }
  if (!flags.rr.empty()) {
    const int code = replay_under_rr(line, flags);
    if (code >= 0) return code;
  }
  if (flags.break_at_step != 0 && !being_traced()) {
    line.warn(
        fmt::format("no debugger is here to stop in; {}",
                    finding_commands(own_program(), flags.input.file, flags.break_at_step).debug));
  }
  // With other settings than the file's its answers need not all fit, and its verdict says nothing.
  const ReplayMode mode = flags.settings.any() ? ReplayMode::kLenient : ReplayMode::kStrict;
  std::optional<Interrupts> interrupts;  // Under a debugger its own signals.
  if (!in_process) interrupts.emplace();
  runner.isolator().set_keep_going(Interrupts::keep_going());
  const Stopwatch stopwatch;
  const RunResult run =
      in_process ? run_in_process(*file, mode, flags) : runner.run(*file, mode, flags.trace);
  if (run.killed) return line.fail(kKilledWords, kExitUnavailable);
  if (run.cancelled) {
    return line.fail(fmt::format("interrupted by {} before its end", Interrupts::cause()),
                     Interrupts::exit_code());
  }
  tell_of_step(line, flags, run);
  Runner::Repeated repeated{.same = 1, .done = 1};
  if (flags.times > 1 && run.outcome != Outcome::kDiverged) {
    const Runner::Repeated more =
        runner.count_same(*file, mode, run, flags.times - 1, Interrupts::keep_going());
    repeated.same += more.same;
    repeated.done += more.done;
  }
  Report report{.command = "replay", .file = flags.input.file, .program = own_program()};
  report.subject = file->kind().name();
  report.executions = repeated.done;
  report.seconds = stopwatch.seconds();
  report.findings = run.findings;
  report.steps = run.steps;
  report.trace_hash = run.verdict.trace_hash;
  report.schedule = run.followed;
  if (flags.trace) report.log = run.log;
  if (const std::optional<int> code = draw(line, flags, *file, run, mode, report)) return *code;
  if (flags.input.target.empty() && !is_standard_input(flags.input.file))
    report.repro = flags.input.file;
  if (!run.findings.empty()) report.notes = file->subject().remarks();
  if (!run.disturbance.empty()) report.notes.push_back("at first " + run.disturbance);
  report.facts = {{"outcome", outcome_name(run.outcome)},
                  {"same", fmt::format("{}", repeated.same)}};
  int code = judge(*file, run, repeated, flags, report);
  const bool says_enough = code != kExitClean && code != kExitFinding;
  if (repeated.done < flags.times && !says_enough && Interrupts::pending())
    code = tell_interrupted(repeated, flags, report);
  report.places = places_of(run.findings, flags.input.file);
  append_github_summary(line, github_summary(report));
  return print_and_return(render(report, line.format(), line.terminal()), code);
}

}  // namespace

int run_replay(const Arguments& arguments, Kinds kinds) {
  CommandLine line(
      "replay", "Repeat the execution that a repro describes, exactly.",
      "  reweave replay found.weave\n"
      "  reweave replay found.weave --trace --timeline found.json\n"
      "  reweave replay found.weave --defects none    # is it gone with the bug?\n"
      "  reweave replay found.weave --gdb             # stopped where the finding is\n"
      "  gdb -ex run --args reweave replay found.weave --break-at-step 12",
      "0 clean, 1 the finding, 2 bad flag or file, 3 diverged, 4 another verdict, 69 no rr, "
      "74 the timeline cannot be written");
  ReplayFlags flags;
  add_flags(line.app(), flags, kinds);
  line.limit_time();
  line.add_output_flags({"text", "json", "github", "markdown", "sarif"});
  if (!line.parse(arguments)) return line.exit_code();
  return replay_file(line, flags, arguments, kinds);
}

}  // namespace reweave::repro
