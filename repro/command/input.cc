#include "repro/command/input.h"

#include <fmt/format.h>

#include <span>

#include "repro/file/raw_input.h"
#include "repro/file/workdir.h"
#include "scheduler/strategy/fuzz_input.h"

namespace reweave::repro {
namespace {

/// Runs a case of a fuzz target once, and states it as a repro.
Expected<WeaveFile> from_artefact(const std::string& bytes, const FuzzTarget& target,
                                  const SettingsFlags& flags, Runner& runner) {
  FuzzCase fuzz_case;
  runtime::ScenarioDecoder decoder;
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  decode_fuzz_case(std::span(data, bytes.size()), decoder, fuzz_case);
  Expected<runtime::Settings> settings = flags.apply(target.settings);
  if (!settings) return settings.error();

  WeaveFile file{
      .settings = *settings, .scenario = fuzz_case.scenario, .schedule = {}, .verdict = {}};
  const std::unique_ptr<Subject> subject = make_subject(file);
  FuzzInput strategy(fuzz_case.plan);
  const Exploration exploration = runner.isolator().explore(
      *subject, strategy,
      {.budget = {.executions = 1, .seconds = 0}, .limits = file.settings.limits});
  if (exploration.found) {
    Expected<Schedule> schedule = schedule_of_found(file, *exploration.found, runner);
    if (!schedule) return schedule.error();
    file.schedule = std::move(schedule).value();
    return file;
  }
  // Nothing was found, so it can run here, which also tells what was answered.
  Execution execution(file.settings.limits);
  strategy.begin(Prng(0), 0);
  execution.begin(strategy);
  strategy.attach(execution);
  subject->run(execution);
  Expected<Schedule> schedule = record(*subject, execution.dense_answers(), file.settings.limits);
  if (!schedule) return schedule.error();
  file.schedule = std::move(schedule).value();
  return file;
}

}  // namespace

void SettingsFlags::add(CLI::App& app) {
  app.add_option("--defects", defects_, "Defects to switch on, separated by commas; or none")
      ->type_name("NAMES");
  app.add_option("--profile", profile_,
                 "Defects of a version of the real thing; see `help defects`")
      ->type_name("NAME");
  app.add_option("--switching", switching_, "soft, or hard: every switch copies its stack")
      ->type_name("WORD");
  app.add_option("--spill-levels", spill_levels_, "Depth at which the stack spills")
      ->type_name("N")
      ->check(whole_number(1, 1000));
  app.add_option("--specification", specification_,
                 "on: compare with the specification; alone: nobody else looks; off")
      ->type_name("WORD");
  app.add_option("--structure", structure_,
                 "on: after every step, all queues, counts and links must agree; off")
      ->type_name("WORD");
  app.add_option("--fail-allocations", fail_allocations_,
                 "on: there may be no memory, whenever some is asked for; off")
      ->type_name("WORD");
  app.add_option(
         "--collect", collect_,
         "on: the cycle collector may run before any operation; check: and nobody may notice; "
         "off: only at `gc`")
      ->type_name("WORD");
  app.add_option("--zombie-frames", zombie_frames_,
                 "on: each function keeps its last frame; off: the free list has all")
      ->type_name("WORD");
  app.add_option("--free-frames-max", free_frames_max_,
                 "Length of the shared free list of frames; 0: none is kept")
      ->type_name("N")
      ->check(whole_number(0, 1'000'000));
}

bool SettingsFlags::any() const {
  return defects_ || profile_ || switching_ || spill_levels_ || specification_ || structure_ ||
         fail_allocations_ || collect_ || zombie_frames_ || free_frames_max_;
}

Expected<runtime::Settings> SettingsFlags::apply(runtime::Settings base) const {
  if (defects_ && profile_) {
    return Error{"--defects and --profile exclude each other: a profile is a set of defects"};
  }
  if (defects_) {
    const Expected<runtime::DefectSet> defects =
        runtime::parse_defects(*defects_ == "none" ? "" : *defects_);
    if (!defects) return defects.error();
    base.defects = *defects;
  }
  if (profile_) {
    const Expected<runtime::DefectSet> defects = runtime::profile_defects(*profile_);
    if (!defects) return defects.error();
    base.defects = *defects;
  }
  if (switching_ && *switching_ != "soft" && *switching_ != "hard") {
    return Error{fmt::format("--switching {}: say soft or hard", *switching_)};
  }
  if (switching_)
    base.switching = *switching_ == "hard" ? runtime::Switching::kHard : runtime::Switching::kSoft;
  if (spill_levels_) base.spill_levels = *spill_levels_;
  if (specification_) {
    if (*specification_ != "on" && *specification_ != "alone" && *specification_ != "off")
      return Error{fmt::format("--specification {}: say on, alone or off", *specification_)};
    base.check_specification = *specification_ != "off";
    base.only_specification = *specification_ == "alone";
  }
  if (structure_) {
    if (*structure_ != "on" && *structure_ != "off")
      return Error{fmt::format("--structure {}: say on or off", *structure_)};
    base.check_structure = *structure_ == "on";
  }
  if (fail_allocations_) {
    if (*fail_allocations_ != "on" && *fail_allocations_ != "off")
      return Error{fmt::format("--fail-allocations {}: say on or off", *fail_allocations_)};
    base.fail_allocations = *fail_allocations_ == "on";
  }
  if (collect_) {
    if (*collect_ != "on" && *collect_ != "check" && *collect_ != "off")
      return Error{fmt::format("--collect {}: say on, check or off", *collect_)};
    base.collect = *collect_ != "off";
    base.check_collections = *collect_ == "check";
  }
  if (zombie_frames_) {
    if (*zombie_frames_ != "on" && *zombie_frames_ != "off")
      return Error{fmt::format("--zombie-frames {}: say on or off", *zombie_frames_)};
    base.zombie_frames = *zombie_frames_ == "on";
  }
  if (free_frames_max_) base.free_frames_max = *free_frames_max_;
  return base;
}

std::vector<std::string> SettingsFlags::words() const {
  std::vector<std::string> words;
  if (defects_) words.push_back("--defects=" + *defects_);
  if (profile_) words.push_back("--profile=" + *profile_);
  if (switching_) words.push_back("--switching=" + *switching_);
  if (spill_levels_) words.push_back(fmt::format("--spill-levels={}", *spill_levels_));
  if (specification_) words.push_back("--specification=" + *specification_);
  if (structure_) words.push_back("--structure=" + *structure_);
  if (fail_allocations_) words.push_back("--fail-allocations=" + *fail_allocations_);
  if (collect_) words.push_back("--collect=" + *collect_);
  if (zombie_frames_) words.push_back("--zombie-frames=" + *zombie_frames_);
  if (free_frames_max_) words.push_back(fmt::format("--free-frames-max={}", *free_frames_max_));
  return words;
}

void InputFlags::add(CLI::App& app, const char* help) {
  app.add_option("file", file, help)->type_name("FILE")->required();
  app.add_option("--target", target, "FILE is the raw input of this fuzz target (tempval, frames)")
      ->type_name("NAME");
}

Expected<WeaveFile> load_input(const InputFlags& input, const SettingsFlags& flags,
                               Runner& runner) {
  const Expected<std::string> content = read_file(input.file);
  if (!content) return content.error();
  if (!input.target.empty()) {
    const Expected<const FuzzTarget*> target = find_fuzz_target(input.target);
    if (!target) return target.error();
    return from_artefact(*content, **target, flags, runner);
  }
  Expected<WeaveFile> file = read_weave(*content, input.file);
  if (!file) {
    if (!looks_like_artefact(input.file)) return file.error();
    return Error{file.error().message +
                 "; if libFuzzer wrote it, name its target: --target tempval"};
  }
  Expected<runtime::Settings> settings = flags.apply(file->settings);
  if (!settings) return settings.error();
  file->settings = *settings;
  return file;
}

}  // namespace reweave::repro
