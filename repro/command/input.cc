#include "repro/command/input.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "repro/file/raw_input.h"
#include "repro/file/tasklet_file.h"
#include "repro/file/workdir.h"
#include "repro/program/program_file.h"
#include "repro/program/program_kind.h"
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
  WeaveFile file = tasklet_file(fuzz_case.scenario, target.settings);
  Expected<SettingValues> settings = flags.apply(file.kind(), file.settings());
  if (!settings) return settings.error();
  file.set_settings(*settings);
  file.livelock_counts = false;
  const std::unique_ptr<Subject> subject = file.make_subject();
  FuzzInput strategy(fuzz_case.plan);
  const Exploration exploration = runner.isolator().explore(
      *subject, strategy, {.budget = {.executions = 1, .seconds = 0}, .limits = file.limits()});
  if (exploration.found) {
    Expected<Schedule> schedule = schedule_of_found(file, *exploration.found, runner);
    if (!schedule) return schedule.error();
    file.schedule = std::move(schedule).value();
    return file;
  }
  // Nothing was found, so it can run here, which also tells what was answered.
  Execution execution(file.limits());
  strategy.begin(Prng(0), 0);
  execution.begin(strategy);
  strategy.attach(execution);
  subject->run(execution);
  Expected<Schedule> schedule = record(*subject, execution.dense_answers(), file.limits());
  if (!schedule) return schedule.error();
  file.schedule = std::move(schedule).value();
  return file;
}

/// What stands for its value in --help.
std::string_view type_word(const SettingInfo& info) {
  if (info.type == SettingType::kNumber) return "N";
  return info.type == SettingType::kText ? "NAMES" : "WORD";
}

}  // namespace

void SettingsFlags::add(CLI::App& app, Kinds kinds) {
  for (const SubjectKind* const kind : kinds) {
    const std::string group = fmt::format("Settings of {}", kind->name());
    for (const FlagName& name : flag_names(*kind)) {
      if (find(name.name) != nullptr) continue;  // Another kind's, too: the limits, for example.
      Flag& flag = flags_.emplace_back(Flag{.name = std::string(name.name)});
      const bool composed = name.flag != nullptr;
      app.add_option("--" + flag.name, flag.value,
                     std::string(composed ? name.flag->help : name.setting->help))
          ->type_name(std::string(composed ? name.flag->values : type_word(*name.setting)))
          ->group(name.in_help ? group : "");
    }
  }
}

const SettingsFlags::Flag* SettingsFlags::find(std::string_view name) const {
  for (const Flag& flag : flags_) {
    if (flag.name == name) return &flag;
  }
  return nullptr;
}

bool SettingsFlags::any() const {
  return std::any_of(flags_.begin(), flags_.end(),
                     [](const Flag& flag) { return flag.value.has_value(); });
}

bool SettingsFlags::names(std::string_view setting) const {
  const Flag* const flag = find(setting);
  return flag != nullptr && flag->value.has_value();
}

Expected<SettingValues> SettingsFlags::apply(const SubjectKind& kind, SettingValues values) const {
  const std::vector<FlagName> names = flag_names(kind);
  for (const Flag& flag : flags_) {
    if (!flag.value) continue;
    const auto name = std::find_if(names.begin(), names.end(),
                                   [&](const FlagName& known) { return known.name == flag.name; });
    if (name == names.end()) {
      return Error{fmt::format("--{}: the subject is of the kind {}, which has no such setting",
                               flag.name, kind.name())};
    }
    const Flag* const other = name->flag != nullptr ? find(name->flag->excludes) : nullptr;
    if (other != nullptr && other->value)
      return Error{fmt::format("--{} and --{} exclude each other", other->name, flag.name)};
    const Status status = set_flag(*name, *flag.value, values);
    if (!status) {
      return Error{fmt::format("--{} {}: {}", flag.name, *flag.value, status.error().message)};
    }
  }
  return values;
}

std::vector<std::string> SettingsFlags::words() const {
  std::vector<std::string> words;
  for (const Flag& flag : flags_) {
    if (flag.value) words.push_back(fmt::format("--{}={}", flag.name, *flag.value));
  }
  return words;
}

void InputFlags::add(CLI::App& app, const char* help, Kinds kinds) {
  app.add_option("file", file, fmt::format("{}; -: standard input", help))
      ->type_name("FILE")
      ->required();
  if (!find_kind(kinds, WeaveFile::kDefaultKind)) return;
  app.add_option("--target", target,
                 "FILE is the raw input of this fuzz target: " + fuzz_target_names())
      ->type_name("NAME");
}

Expected<WeaveFile> load_input(const InputFlags& input, const SettingsFlags& flags, Runner& runner,
                               Kinds kinds) {
  const Expected<std::string> content = read_file(input.file);
  if (!content) return content.error();
  constexpr std::string_view kProgramMagic = "\x7f\x45LF";
  if (content->starts_with(kProgramMagic) && kind_with_arguments(kinds) != nullptr) {
    return Error{fmt::format("{0}: this is a program; to hunt in it: {1} hunt -- {0}", input.file,
                             tool_name())};
  }
  if (find_kind(kinds, program_kind().name())) {
    if (const std::string why = why_not_built(input.file); !why.empty())
      return Error{fmt::format("{}: {}", input.file, why)};
  }
  if (!input.target.empty()) {
    const Expected<const FuzzTarget*> target = find_fuzz_target(input.target);
    if (!target) return target.error();
    return from_artefact(*content, **target, flags, runner);
  }
  Expected<WeaveFile> file = read_weave(*content, input.file, kinds);
  if (!file) {
    if (!looks_like_artefact(input.file)) return file.error();
    return Error{file.error().message +
                 "; if libFuzzer wrote it, name its target: --target tempval"};
  }
  SettingValues values = file->settings();
  if (file->is_by_hand()) {
    for (const std::string_view word : file->kind().on_by_hand()) {
      if (!file->states(word)) values.assign(word, 1);
    }
  }
  Expected<SettingValues> settings = flags.apply(file->kind(), std::move(values));
  if (!settings) return settings.error();
  file->set_settings(*settings);
  file->source = *content;
  return file;
}

std::vector<std::vector<Place>> places_of(const std::vector<Finding>& findings,
                                          const std::string& file) {
  // What stands on standard input was read already, and a fuzz target's input has no lines.
  std::string text;
  if (file.ends_with(WeaveFile::kExtension)) {
    if (const Expected<std::string> content = read_file(file)) text = *content;
  }
  std::vector<std::vector<Place>> places;
  for (const Finding& finding : findings) places.push_back(places_of(finding, file, text));
  return places;
}

const SubjectKind* kind_with_arguments(Kinds kinds) {
  for (const SubjectKind* const kind : kinds) {
    if (!kind->arguments().empty()) return kind;
  }
  return nullptr;
}

Expected<WeaveFile> load_words(const SubjectKind& kind, const Arguments& words,
                               const SettingsFlags& flags) {
  Expected<std::unique_ptr<Subject>> subject = kind.from_arguments(words);
  if (!subject) return subject.error();
  Expected<SettingValues> settings = flags.apply(kind, SettingValues(kind.settings()));
  if (!settings) return settings.error();
  return WeaveFile(kind, std::move(subject).value(), *settings);
}

std::optional<int> run_elsewhere(const WeaveFile& file, std::string_view command,
                                 const Arguments& arguments, std::string* output) {
  Arguments words = {std::string(command)};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return file.kind().run_elsewhere(file.subject(), words, output);
}

}  // namespace reweave::repro
