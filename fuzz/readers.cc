#include "fuzz/readers.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <span>
#include <string>

#include "repro/campaign/campaign_state.h"
#include "repro/campaign/repro_facts.h"
#include "repro/campaign/shard.h"
#include "repro/command/quantity.h"
#include "repro/file/raw_input.h"
#include "repro/file/weave_file.h"
#include "repro/judge/conformance.h"
#include "repro/program/program_kind.h"
#include "repro/report/endings.h"
#include "repro/report/printable.h"
#include "runtime/interpreter/tasklet_kind.h"
#include "runtime/language/text.h"
#include "scheduler/base/line_reader.h"
#include "scheduler/schedule.h"

namespace reweave::fuzz {
namespace {

constexpr std::string_view kFile = "input";  // How errors call it.

/// "input:LINE: …" or, where the file as a whole is refused, "input: …".
void check_error(std::string_view target, const Error& error, std::string_view file = kFile) {
  if (std::string_view(error.message).starts_with(std::string(file) + ":")) return;
  std::fprintf(stderr, "the error names no place: %s\n", repro::printable(error.message).c_str());
  repro::end_with(repro::Broken::kErrorWithoutPlace, target, "an error names no place");
}

[[noreturn]] void refuses(std::string_view target, const Error& error) {
  std::fprintf(stderr, "what was written is refused: %s\n",
               repro::printable(error.message).c_str());
  repro::end_with(repro::Broken::kOwnTextRefused, target, "what was written is refused");
}

void check_same(std::string_view target, bool same) {
  if (!same)
    repro::end_with(repro::Broken::kReadsAnotherValue, target,
                    "what was written is read as another");
}

void check_weave(std::string_view target, std::string_view text, Kinds kinds) {
  const auto file = repro::read_weave(text, kFile, kinds);
  if (!file) return check_error(target, file.error());
  const std::string written = repro::write_weave(*file);
  const auto again = repro::read_weave(written, "written", kinds);
  if (!again) refuses(target, again.error());
  check_same(target, repro::write_weave(*again) == written);
}

void read_weave_text(std::string_view text) {
  check_weave("weave_reader", text, runtime::tasklet_kinds());
}

void read_program(std::string_view text) {
  const SubjectKind* const kinds[] = {&repro::program_kind(), &runtime::tasklet_kind()};
  check_weave("program_reader", text, kinds);
}

void read_schedule(std::string_view text) {
  constexpr std::string_view kTarget = "schedule_reader";
  if (const Expected<Schedule> schedule = parse_schedule(text, kFile)) {
    const std::string written = schedule->text("  ");
    const Expected<Schedule> again = parse_schedule(written, "written");
    if (!again) refuses(kTarget, again.error());
    check_same(kTarget, *again == *schedule);
    const std::string line = schedule->one_line();
    const Expected<Schedule> of_line = parse_one_line(line);
    if (!of_line) refuses(kTarget, of_line.error());
    check_same(kTarget, *of_line == *schedule);
  } else {
    check_error(kTarget, schedule.error());
  }
  if (const Expected<Schedule> schedule = parse_one_line(text)) {
    const Expected<Schedule> again = parse_one_line(schedule->one_line());
    if (!again) refuses(kTarget, again.error());
    check_same(kTarget, *again == *schedule);
  } else {
    check_error(kTarget, schedule.error(), "schedule");
  }
}

/// A recording, one case on a line. A case that is accepted is a linked scenario, which has a text.
void read_cases(std::string_view text) {
  constexpr std::string_view kTarget = "conformance_reader";
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const auto read = repro::read_case(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!read) {
      if (read.error().message.empty()) check_error(kTarget, read.error());
      continue;
    }
    const std::string written = runtime::write_scenario(read->scenario);
    const auto again = runtime::parse_scenario(written, "written");
    if (!again) refuses(kTarget, again.error());
    check_same(kTarget, runtime::write_scenario(*again) == written);
  }
}

void read_state(std::string_view text) {
  constexpr std::string_view kTarget = "state_reader";
  const auto state = repro::read_state(text, kFile);
  if (!state) return check_error(kTarget, state.error());
  const std::string written = repro::write_state(*state);
  const auto again = repro::read_state(written, "written");
  if (!again) refuses(kTarget, again.error());
  check_same(kTarget, repro::write_state(*again) == written && again->name() == state->name());
  check_same(kTarget, !repro::is_farther(*state, *again) && !repro::is_farther(*again, *state));
}

void read_facts(std::string_view text) {
  constexpr std::string_view kTarget = "facts_reader";
  const auto facts = repro::facts_of(text, kFile);
  if (!facts) return check_error(kTarget, facts.error());
  const std::vector<repro::ReproFacts> kept = repro::kept({*facts, *facts});
  check_same(kTarget, kept.size() == (facts->signatures.empty() ? 0u : 1u));
  check_same(kTarget, kept.empty() || kept.front() == *facts);
  // A file that is read whole states the same signatures.
  const SubjectKind* const kinds[] = {&repro::program_kind(), &runtime::tasklet_kind()};
  const auto file = repro::read_weave(text, kFile, kinds);
  if (!file || !file->verdict) return;
  for (const repro::StatedFinding& finding : file->verdict->findings)
    check_same(kTarget, facts->shows(finding.signature));
}

/// Lines of a word and a value, as flags and variables of the environment have them.
void read_settings_of(const SubjectKind& kind, std::string_view text) {
  constexpr std::string_view kTarget = "settings_reader";
  LineReader lines(text, kFile);
  if (!lines.status()) return check_error(kTarget, lines.status().error());
  SettingValues values(kind.settings());
  const std::vector<FlagName> names = flag_names(kind);
  while (lines.next()) {
    const std::vector<std::string_view>& words = lines.words();
    for (const FlagName& name : names) {
      if (words.size() == 2 && words[0] == name.name) (void)set_flag(name, words[1], values);
    }
  }
  const std::string written = values.lines("  ");
  LineReader own(written, "written");
  SettingValues again(kind.settings());
  while (own.next()) {
    if (own.words().size() != 2) refuses(kTarget, own.error("no word and value"));
    const Status status = again.set(own.words()[0], own.words()[1]);
    if (!status) refuses(kTarget, status.error());
  }
  check_same(kTarget, again == values);
}

void read_settings(std::string_view text) {
  constexpr std::string_view kTarget = "settings_reader";
  read_settings_of(runtime::tasklet_kind(), text);
  read_settings_of(repro::program_kind(), text);
  LineReader lines(text, kFile);
  if (!lines.status()) return;
  const auto no_variables = [](const char*) { return std::optional<std::string>(); };
  while (lines.next()) {
    for (const std::string_view word : lines.words()) {
      (void)repro::parse_milliseconds(word);
      if (const auto number = repro::parse_decimal(word))
        check_same(kTarget, repro::parse_decimal(std::to_string(*number)) == number);
      if (const auto shard = repro::parse_shard(word, no_variables)) {
        const auto again = repro::parse_shard(shard->text(), no_variables);
        if (!again) refuses(kTarget, again.error());
        check_same(kTarget, *again == *shard);
      }
    }
  }
}

/// Every string of bytes is a case, and what is written of it is the same case.
void read_raw_input(std::string_view text) {
  constexpr std::string_view kTarget = "raw_input_reader";
  runtime::ScenarioDecoder decoder;
  repro::FuzzCase fuzz_case;
  repro::decode_fuzz_case({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()},
                          decoder, fuzz_case);
  std::vector<std::uint8_t> bytes;
  repro::encode_fuzz_case(fuzz_case, bytes);
  repro::FuzzCase again;
  repro::decode_fuzz_case(bytes, decoder, again);
  check_same(kTarget, again.scenario == fuzz_case.scenario && again.plan == fuzz_case.plan);
  // It also has a text, which a `.weave` carries.
  const std::string written = runtime::write_scenario(fuzz_case.scenario);
  const auto of_text = runtime::parse_scenario(written, "written");
  if (!of_text) refuses(kTarget, of_text.error());
  check_same(kTarget, *of_text == fuzz_case.scenario);
}

}  // namespace

const std::vector<Reader>& readers() {
  static const std::vector<Reader> all = {
      {"weave_reader", ".weave files with scenarios of tasklets", &read_weave_text},
      {"program_reader", ".weave files of programs, and of whatever kind", &read_program},
      {"schedule_reader", "schedules, as lines and in one line", &read_schedule},
      {"conformance_reader", "recordings of the real interpreter, a JSON object a line",
       &read_cases},
      {"state_reader", "how far a shard of a campaign has come: JSON", &read_state},
      {"facts_reader", "what a campaign reads of a .weave file", &read_facts},
      {"settings_reader", "settings, counts, times and shards, as flags have them", &read_settings},
      {"raw_input_reader", "inputs of the targets that run scenarios", &read_raw_input},
  };
  return all;
}

const Reader& find_reader(std::string_view name) {
  for (const Reader& reader : readers()) {
    if (reader.name == name) return reader;
  }
  std::fprintf(stderr, "there is no reader of the name %s\n", std::string(name).c_str());
  std::abort();
}

}  // namespace reweave::fuzz
