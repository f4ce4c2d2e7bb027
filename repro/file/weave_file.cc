#include "repro/file/weave_file.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <limits>

#include "runtime/language/text.h"
#include "scheduler/base/line_reader.h"
#include "scheduler/base/nearest.h"

namespace reweave::repro {
namespace {

using runtime::Settings;
using runtime::Switching;
using Words = std::vector<std::string_view>;

std::string join(const Words& words, std::size_t first) {
  std::string text;
  for (std::size_t index = first; index < words.size(); ++index) {
    if (index > first) text += ' ';
    text += words[index];
  }
  return text;
}

/// Text as a verdict keeps it: a word that begins with `#` would be a comment when it is read.
std::string as_words(std::string_view text) {
  std::string out;
  bool gap = true;
  for (const char c : text) {
    const bool blank = static_cast<unsigned char>(c) <= ' ';
    if (!blank && gap && !out.empty()) out += ' ';
    if (!blank && gap && c == '#') out += '_';
    if (!blank) out += c;
    gap = blank;
  }
  return out;
}

// ---- Settings: one table of numbers and switches serves the reader and the writer ----

struct NumberSetting {
  std::string_view word;
  std::int64_t low;
  std::int64_t high;
  std::int64_t (*get)(const Settings&);
  void (*set)(Settings&, std::int64_t);
};
constexpr std::array kNumbers = {
    NumberSetting{
        "spill-levels", 1, 1000, [](const Settings& s) -> std::int64_t { return s.spill_levels; },
        [](Settings& s, std::int64_t n) { s.spill_levels = static_cast<std::uint32_t>(n); }},
    NumberSetting{
        "free-frames-max", 0, 1'000'000,
        [](const Settings& s) -> std::int64_t { return s.free_frames_max; },
        [](Settings& s, std::int64_t n) { s.free_frames_max = static_cast<std::uint32_t>(n); }},
    NumberSetting{"gil-ticks", 0, 1'000'000,
                  [](const Settings& s) -> std::int64_t { return s.gil_ticks; },
                  [](Settings& s, std::int64_t n) { s.gil_ticks = static_cast<std::uint32_t>(n); }},
    NumberSetting{
        "steps-max", 1, 10'000'000,
        [](const Settings& s) { return static_cast<std::int64_t>(s.limits.steps_max); },
        [](Settings& s, std::int64_t n) { s.limits.steps_max = static_cast<std::uint64_t>(n); }},
    NumberSetting{"questions-max", 0, 10'000'000,
                  [](const Settings& s) -> std::int64_t { return s.limits.questions_max; },
                  [](Settings& s, std::int64_t n) {
                    s.limits.questions_max = static_cast<std::uint32_t>(n);
                  }},
    NumberSetting{
        "actors-max", 1, 100'000,
        [](const Settings& s) -> std::int64_t { return s.limits.actors_max; },
        [](Settings& s, std::int64_t n) { s.limits.actors_max = static_cast<std::uint32_t>(n); }},
};

struct SwitchSetting {
  std::string_view word;
  bool Settings::*field;
};
constexpr std::array kSwitches = {
    SwitchSetting{"zombie-frames", &Settings::zombie_frames},
    SwitchSetting{"slice-cache", &Settings::slice_cache},
    SwitchSetting{"report-deadlock", &Settings::report_deadlock},
    SwitchSetting{"check-structure", &Settings::check_structure},
    SwitchSetting{"check-specification", &Settings::check_specification},
    SwitchSetting{"only-specification", &Settings::only_specification},
    SwitchSetting{"check-census", &Settings::check_census},
    SwitchSetting{"fail-allocations", &Settings::fail_allocations},
    SwitchSetting{"collect", &Settings::collect},
    SwitchSetting{"check-collections", &Settings::check_collections},
};

constexpr std::string_view kOnOff = "say on or off";

// ---- Reading ----

class WeaveReader {
 public:
  WeaveReader(std::string_view text, std::string_view name) : lines_(text, name), name_(name) {}
  Expected<WeaveFile> read();

 private:
  Status read_version();
  Status read_settings();
  Status read_setting();
  Status read_schedule_section();
  Status read_verdict();
  Status read_verdict_line(Verdict& verdict);
  Error unexpected(std::string_view found) const;
  // One line of a section: false at its `end`. An error when the file ends before that.
  Expected<bool> next_in(const char* section);
  Error error(const std::string& what) const { return lines_.error(what); }

  LineReader lines_;
  std::string_view name_;
  WeaveFile file_;
  std::vector<std::string> seen_settings_;
};

Expected<WeaveFile> WeaveReader::read() {
  if (!lines_.status()) return lines_.status().error();
  if (Status status = read_version(); !status) return status.error();
  bool has_settings = false;
  bool has_scenario = false;
  while (lines_.next()) {
    const Words& words = lines_.words();
    const std::string_view word = words[0];
    const bool section = word == "settings" || word == "schedule" || word == "verdict";
    if (section && words.size() > 1) {
      return error(fmt::format("`{}` stands alone on its line, but `{}` follows", word, words[1]));
    }
    if (word != "settings" && section && !has_scenario) {
      return error(
          fmt::format("`{}` comes after the scenario, and there is none before this line; "
                      "a scenario begins with `channel`, `slot` or `function`",
                      word));
    }
    Status status = ok();
    if (word == "settings") {
      if (has_scenario) return error("`settings` come before the scenario; move them up");
      if (has_settings) return error("a second `settings`; one is enough");
      has_settings = true;
      status = read_settings();
    } else if (word == "schedule") {
      if (file_.schedule) return error("a second `schedule`; one is enough");
      if (file_.verdict) return error("`schedule` comes before `verdict`; move it up");
      status = read_schedule_section();
    } else if (word == "verdict") {
      if (file_.verdict) return error("a second `verdict`; one is enough");
      status = read_verdict();
    } else if (has_scenario) {
      return unexpected(word);
    } else {
      lines_.unread();
      Expected<runtime::Scenario> scenario = runtime::read_scenario(lines_);
      if (!scenario) return scenario.error();
      file_.scenario = std::move(scenario).value();
      has_scenario = true;
    }
    if (!status) return status.error();
  }
  if (!has_scenario) {
    return Error{fmt::format("{}: has no scenario; one begins with `function main`", name_)};
  }
  return std::move(file_);
}

Status WeaveReader::read_version() {
  const std::string wanted = fmt::format("`weave {}`", WeaveFile::kVersion);
  if (!lines_.next())
    return Error{fmt::format("{}: is empty; a file begins with {}", name_, wanted)};
  const Words& words = lines_.words();
  if (words[0] != "weave") {
    return error(
        fmt::format("a file begins with {}, but here is `{}`", wanted, words[0].substr(0, 40)));
  }
  std::int64_t version = 0;
  if (words.size() != 2 ||
      !parse_number(words[1], 0, std::numeric_limits<std::int32_t>::max(), version)) {
    return error(fmt::format("`weave` needs one version number; write {}", wanted));
  }
  if (version != WeaveFile::kVersion) {
    return error(
        fmt::format("this is format {}, and this build of reweave reads format {}; {}", version,
                    WeaveFile::kVersion,
                    version > WeaveFile::kVersion ? "use a newer build" : "use an older build"));
  }
  return ok();
}

Error WeaveReader::unexpected(std::string_view found) const {
  const Words known = {"schedule", "verdict", "settings", "channel", "slot", "function"};
  return error(
      fmt::format("`{}` is not known here{}; after a scenario come `schedule` and `verdict`",
                  found.substr(0, 40), did_you_mean(found, known)));
}

Expected<bool> WeaveReader::next_in(const char* section) {
  if (!lines_.next()) {
    return Error{fmt::format(
        "{}:{}: `{}` is not closed; the file ends without its `end`, perhaps it was cut off", name_,
        lines_.line(), section)};
  }
  const Words& words = lines_.words();
  if (words[0] != "end") return true;
  if (words.size() > 1) return error(fmt::format("`end` stands alone, but `{}` follows", words[1]));
  return false;
}

Status WeaveReader::read_settings() {
  for (;;) {
    const Expected<bool> more = next_in("settings");
    if (!more) return more.error();
    if (!*more) return ok();
    if (Status status = read_setting(); !status) return status;
  }
}

Status WeaveReader::read_setting() {
  const Words& words = lines_.words();
  const std::string_view word = words[0];
  Settings& settings = file_.settings;
  for (const std::string& seen : seen_settings_) {
    if (seen == word) return error(fmt::format("`{}` is set a second time; delete one", word));
  }
  seen_settings_.emplace_back(word);
  if (word == "defects" && words.size() == 1) {
    settings.defects = {};
    return ok();
  }
  if (words.size() != 2) {
    return error(fmt::format("a setting is a name and one value, but `{}` has {} values",
                             word.substr(0, 40), words.size() - 1));
  }
  const std::string_view value = words[1];
  if (word == "switching") {
    if (value != "soft" && value != "hard")
      return error(fmt::format("`switching {}`: say soft or hard", value));
    settings.switching = value == "hard" ? Switching::kHard : Switching::kSoft;
    return ok();
  }
  if (word == "defects") {
    const Expected<runtime::DefectSet> defects =
        runtime::parse_defects(value == "none" ? "" : value);
    if (!defects) return error(defects.error().message);
    settings.defects = *defects;
    return ok();
  }
  Words known = {"switching", "defects"};
  for (const NumberSetting& setting : kNumbers) {
    known.push_back(setting.word);
    if (word != setting.word) continue;
    std::int64_t number = 0;
    if (!parse_number(value, setting.low, setting.high, number)) {
      return error(fmt::format("`{} {}`: say a number from {} to {}", word, value.substr(0, 40),
                               setting.low, setting.high));
    }
    setting.set(settings, number);
    return ok();
  }
  for (const SwitchSetting& setting : kSwitches) {
    known.push_back(setting.word);
    if (word != setting.word) continue;
    if (value != "on" && value != "off")
      return error(fmt::format("`{} {}`: {}", word, value.substr(0, 40), kOnOff));
    settings.*setting.field = value == "on";
    return ok();
  }
  return error(fmt::format("there is no setting `{}`{}; settings are {}", word.substr(0, 40),
                           did_you_mean(word, known), join(known, 0)));
}

Status WeaveReader::read_schedule_section() {
  Expected<Schedule> schedule = read_schedule(lines_);
  if (!schedule) return schedule.error();
  const Expected<bool> more = next_in("schedule");
  if (!more) return more.error();
  if (*more) {
    return error(fmt::format(
        "`{}` is not an answer; a line of a schedule is ACTOR KIND SITE NTH ANSWER, and "
        "`end` closes it",
        lines_.words()[0].substr(0, 40)));
  }
  file_.schedule = std::move(schedule).value();
  return ok();
}

Status WeaveReader::read_verdict() {
  Verdict verdict;
  for (;;) {
    const Expected<bool> more = next_in("verdict");
    if (!more) return more.error();
    if (!*more) break;
    if (Status status = read_verdict_line(verdict); !status) return status;
  }
  file_.verdict = std::move(verdict);
  return ok();
}

Status WeaveReader::read_verdict_line(Verdict& verdict) {
  const Words& words = lines_.words();
  const std::string_view word = words[0];
  if (word == "finding") {
    StatedFinding finding;
    std::int64_t step = 0;
    if (words.size() < 5 || words[2] != "step" ||
        !parse_number(words[3], 0, std::numeric_limits<std::int64_t>::max(), step)) {
      return error("a finding is written `finding KIND step N SIGNATURE`");
    }
    const std::optional<FindingKind> kind = find_finding_kind(words[1]);
    if (!kind) {
      Words known;
      for (int index = 0; index < kFindingKindCount; ++index) {
        known.push_back(finding_kind_name(static_cast<FindingKind>(index)));
      }
      return error(fmt::format("there is no kind of finding `{}`{}", words[1].substr(0, 40),
                               did_you_mean(words[1], known)));
    }
    if (verdict.findings.size() == Verdict::kFindingsMax) {
      return error(
          fmt::format("more than {} findings; keep the first ones", Verdict::kFindingsMax));
    }
    finding.kind = *kind;
    finding.step = static_cast<std::uint64_t>(step);
    finding.signature = join(words, 4);
    verdict.findings.push_back(std::move(finding));
    return ok();
  }
  if (word == "result") {
    if (words.size() < 2) return error("`result` needs words");
    if (verdict.results.size() == Verdict::kResultsMax) {
      return error(fmt::format("more than {} results", Verdict::kResultsMax));
    }
    verdict.results.push_back(join(words, 1));
    return ok();
  }
  if (word == "trace") {
    std::uint64_t hash = 0;
    const std::string_view digits = words.size() == 2 ? words[1] : std::string_view{};
    const auto [end, trouble] =
        std::from_chars(digits.data(), digits.data() + digits.size(), hash, 16);
    if (digits.size() != 16 || trouble != std::errc{} || end != digits.data() + digits.size()) {
      return error("`trace` needs 16 hexadecimal digits");
    }
    if (verdict.trace_hash) return error("a second `trace`; delete one");
    verdict.trace_hash = hash;
    return ok();
  }
  return error(
      fmt::format("`{}` is not part of a verdict{}; it has lines `finding`, `result` and `trace`",
                  word.substr(0, 40), did_you_mean(word, {"finding", "result", "trace", "end"})));
}

std::string finding_words(const StatedFinding& finding) {
  return fmt::format("{} at step {}, signature \"{}\"", finding_kind_name(finding.kind),
                     finding.step, finding.signature);
}

}  // namespace

Expected<WeaveFile> read_weave(std::string_view text, std::string_view name) {
  return WeaveReader(text, name).read();
}

std::string settings_text(const Settings& settings, std::string_view indent) {
  std::string text;
  const auto line = [&](std::string_view word, const std::string& value) {
    text += fmt::format("{}{} {}\n", indent, word, value);
  };
  line("switching", settings.switching == Switching::kHard ? "hard" : "soft");
  line("defects", settings.defects.empty() ? "none" : runtime::defect_names(settings.defects));
  // What came later than the first files is not written where it is as always.
  for (const NumberSetting& setting : kNumbers) {
    if (setting.word == "gil-ticks" && settings.gil_ticks == 0) continue;
    line(setting.word, fmt::format("{}", setting.get(settings)));
  }
  for (const SwitchSetting& setting : kSwitches) {
    const bool later = setting.field == &Settings::fail_allocations ||
                       setting.field == &Settings::collect ||
                       setting.field == &Settings::check_collections;
    if (later && !(settings.*setting.field)) continue;
    line(setting.word, settings.*setting.field ? "on" : "off");
  }
  return text;
}

std::string write_weave(const WeaveFile& file) {
  std::string text = fmt::format("weave {}\n\nsettings\n{}end\n\n", WeaveFile::kVersion,
                                 settings_text(file.settings, "  "));
  text += runtime::write_scenario(file.scenario);
  if (file.schedule) text += fmt::format("\nschedule\n{}end\n", file.schedule->text("  "));
  if (!file.verdict) return text;
  text += "\nverdict\n";
  for (const StatedFinding& finding : file.verdict->findings) {
    text += fmt::format("  finding {} step {} {}\n", finding_kind_name(finding.kind), finding.step,
                        as_words(finding.signature));
  }
  for (const std::string& result : file.verdict->results)
    text += fmt::format("  result {}\n", as_words(result));
  if (file.verdict->trace_hash) text += fmt::format("  trace {:016x}\n", *file.verdict->trace_hash);
  return text + "end\n";
}

Verdict verdict_of(const std::vector<Finding>& findings, const std::vector<std::string>& results,
                   std::optional<std::uint64_t> trace_hash) {
  Verdict verdict;
  for (const Finding& finding : findings) {
    if (verdict.findings.size() == Verdict::kFindingsMax) break;
    const std::string signature = as_words(finding.signature);
    verdict.findings.push_back({finding.kind, finding.step, signature.empty() ? "-" : signature});
  }
  for (const std::string& result : results) {
    if (verdict.results.size() == Verdict::kResultsMax) break;
    verdict.results.push_back(as_words(result));
  }
  verdict.trace_hash = trace_hash;
  return verdict;
}

std::string difference(const Verdict& expected, const Verdict& found) {
  for (std::size_t index = 0; index < std::max(expected.findings.size(), found.findings.size());
       ++index) {
    if (index >= found.findings.size()) {
      return "expected " + finding_words(expected.findings[index]) + "; it did not show";
    }
    if (index >= expected.findings.size())
      return "unexpected " + finding_words(found.findings[index]);
    if (expected.findings[index] != found.findings[index]) {
      return "expected " + finding_words(expected.findings[index]) + "; found " +
             finding_words(found.findings[index]);
    }
  }
  for (std::size_t index = 0; index < std::max(expected.results.size(), found.results.size());
       ++index) {
    const bool had = index < expected.results.size();
    const bool has = index < found.results.size();
    if (had && has && expected.results[index] == found.results[index]) continue;
    return fmt::format("result {}: expected \"{}\"; found \"{}\"", index + 1,
                       had ? expected.results[index] : "nothing",
                       has ? found.results[index] : "nothing");
  }
  if (expected.trace_hash != found.trace_hash && expected.trace_hash) {
    return fmt::format("expected trace hash {:016x}; found {}", *expected.trace_hash,
                       found.trace_hash ? fmt::format("{:016x}", *found.trace_hash) : "none");
  }
  return "";
}

}  // namespace reweave::repro
