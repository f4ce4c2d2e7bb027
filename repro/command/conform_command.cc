// `reweave conform`: does the runtime do what the real interpreter did, event by event?

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "repro/command/command_line.h"
#include "repro/file/workdir.h"
#include "repro/judge/allocation_failures.h"
#include "repro/judge/conformance.h"
#include "repro/judge/live_defects.h"
#include "repro/report/printable.h"
#include "repro/run/interrupts.h"
#include "repro/run/items_in_children.h"
#include "repro/run/runner.h"

namespace reweave::repro {
namespace {

using Json = nlohmann::ordered_json;
using runtime::Switching;

constexpr std::size_t kFileBytesMax = 256u << 20;
constexpr std::size_t kShownBytesMax = 1000;  // Of one line of a recording.
constexpr std::size_t kShown = 20;            // Cases that text tells of.

std::string dump(const Json& json) {
  return json.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n";
}

/// One case in one mode.
struct Failure {
  std::string id;  // "p00042:hard"
  Difference difference;
  std::string death{};  // How it ended its process, or "": then there is no difference.
};

struct Conformance {
  std::size_t cases = 0;  // Pairs of a case and a mode.
  std::size_t passed = 0;
  std::vector<Failure> failures;
};

std::string describe(const Failure& failure) {
  if (!failure.death.empty()) {
    return fmt::format("{} ended its process\n    {}\n", printable(failure.id),
                       printable(failure.death));
  }
  std::string text =
      fmt::format("{} differs at line {}\n", printable(failure.id), failure.difference.line + 1);
  for (const std::string& line : failure.difference.before)
    text += "    both      " + printable(line) + "\n";
  const auto or_end = [](const std::string& line) {
    return line.empty() ? "(nothing more)" : printable(line);
  };
  text += "    recorded  " + or_end(failure.difference.expected) + "\n";
  text += "    here      " + or_end(failure.difference.found) + "\n";
  return text;
}

const char* suffix(Switching mode) { return mode == Switching::kSoft ? ":soft" : ":hard"; }

/// What is done with one case in one mode. It may crash or hang, so it is done in a child, which
/// says what it gave as JSON.
class Judge {
 public:
  virtual ~Judge() = default;
  virtual Json judge(const ConformanceCase& conformance_case, Switching mode,
                     SharedTape& tape) const = 0;
  virtual void take(const Json& json) = 0;
  virtual void take_death(const std::string& id, const Finding& death) = 0;
  virtual std::string render(Format format) const = 0;
  virtual bool passed() const = 0;
};

std::string shortened(const std::string& line) {
  return line.size() <= kShownBytesMax ? line : line.substr(0, kShownBytesMax) + " …";
}

/// Compares the runtime, or the specification, with the recordings.
class Compare final : public Judge {
 public:
  Compare(const runtime::Settings& settings, bool specification)
      : settings_(settings), specification_(specification) {}

  Json judge(const ConformanceCase& conformance_case, Switching mode,
             SharedTape& tape) const override {
    runtime::Settings settings = settings_;
    settings.switching = mode;
    const Observation found = specification_ ? predict(conformance_case, settings)
                                             : observe(conformance_case, settings, nullptr, &tape);
    const auto difference = first_difference(
        mode == Switching::kSoft ? conformance_case.soft : conformance_case.hard, found);
    if (!difference) return Json::object();
    Json json = {{"id", conformance_case.id + suffix(mode)},
                 {"line", difference->line},
                 {"expected", shortened(difference->expected)},
                 {"found", shortened(difference->found)},
                 {"before", Json::array()}};
    for (const std::string& line : difference->before) json["before"].push_back(shortened(line));
    return json;
  }
  void take(const Json& json) override {
    ++result_.cases;
    if (json.empty()) {
      ++result_.passed;
      return;
    }
    result_.failures.push_back({json.at("id"),
                                {.line = json.at("line"),
                                 .expected = json.at("expected"),
                                 .found = json.at("found"),
                                 .before = json.at("before")}});
  }
  void take_death(const std::string& id, const Finding& death) override {
    ++result_.cases;
    result_.failures.push_back({.id = id, .difference = {}, .death = death.signature});
  }
  std::string render(Format format) const override {
    if (format == Format::kJson) {
      Json failed = Json::array(), died = Json::array();
      for (const Failure& failure : result_.failures) {
        failed.push_back(failure.id);
        if (!failure.death.empty())
          died.push_back({{"id", failure.id}, {"signature", failure.death}});
      }
      return dump({{"schema", Report::kSchema},
                   {"cases", result_.cases},
                   {"passed", result_.passed},
                   {"failed", failed},
                   {"died", died}});
    }
    std::string text;
    for (std::size_t i = 0; i < result_.failures.size() && i < kShown; ++i)
      text += describe(result_.failures[i]) + "\n";
    if (result_.failures.size() > kShown) {
      text += fmt::format("… and {} more; --format=json lists them all\n",
                          result_.failures.size() - kShown);
    }
    return text + fmt::format("{} of {}\n", result_.passed, result_.cases);
  }
  bool passed() const override { return result_.failures.empty(); }

 private:
  runtime::Settings settings_;
  bool specification_;
  Conformance result_;
};

class Explain final : public Judge {
 public:
  explicit Explain(runtime::DefectSet profile) : explanations_(profile) {}

  Json judge(const ConformanceCase& conformance_case, Switching mode,
             SharedTape& tape) const override {
    const Explanations::Explanation explanation =
        explanations_.explain(conformance_case, mode, &tape);
    return {{"id", explanation.id},
            {"same", explanation.same},
            {"by", explanation.by},
            {"finding", explanation.finding},
            {"never_ends", explanation.never_ends}};
  }
  void take(const Json& json) override {
    explanations_.add({.id = json.at("id"),
                       .same = json.at("same"),
                       .by = json.at("by"),
                       .finding = json.at("finding"),
                       .never_ends = json.at("never_ends")});
  }
  void take_death(const std::string& id, const Finding& death) override {
    explanations_.add({.id = id, .finding = death.signature});
  }
  std::string render(Format format) const override {
    return format == Format::kJson ? explanations_.json() : explanations_.text();
  }
  bool passed() const override { return explanations_.complete(); }

 private:
  Explanations explanations_;
};

class FailAllocations final : public Judge {
 public:
  explicit FailAllocations(const runtime::Settings& settings) : settings_(settings) {}

  Json judge(const ConformanceCase& conformance_case, Switching mode,
             SharedTape& tape) const override {
    runtime::Settings settings = settings_;
    settings.switching = mode;
    AllocationFailures one;
    one.add(conformance_case.id + suffix(mode), conformance_case.scenario, settings, &tape);
    Json json = {{"unfinished", one.unfinished},
                 {"allocations", one.allocations},
                 {"memory_errors", one.memory_errors},
                 {"done_without", one.done_without},
                 {"cut_off", one.cut_off},
                 {"found", Json::array()}};
    for (const AllocationFailures::Found& found : one.found) {
      json["found"].push_back({{"id", found.id},
                               {"allocation", found.allocation},
                               {"signature", found.finding.signature},
                               {"message", found.finding.message}});
    }
    return json;
  }
  void take(const Json& json) override {
    AllocationFailures one;
    one.programs = 1;
    one.unfinished = json.at("unfinished");
    one.allocations = json.at("allocations");
    one.memory_errors = json.at("memory_errors");
    one.done_without = json.at("done_without");
    one.cut_off = json.at("cut_off");
    for (const Json& found : json.at("found")) {
      Finding finding;
      finding.signature = found.at("signature");
      finding.message = found.at("message");
      one.found.push_back(
          {.id = found.at("id"), .allocation = found.at("allocation"), .finding = finding});
    }
    result_.add(one);
  }
  void take_death(const std::string& id, const Finding& death) override {
    ++result_.programs;
    result_.found.push_back({.id = id, .allocation = 0, .finding = death});
  }
  std::string render(Format format) const override {
    return format == Format::kJson ? json() : text();
  }
  bool passed() const override { return result_.found.empty(); }

 private:
  std::string json() const {
    Json findings = Json::array();
    for (const AllocationFailures::Found& found : result_.found) {
      findings.push_back({{"id", found.id},
                          {"allocation", found.allocation},
                          {"signature", found.finding.signature},
                          {"message", found.finding.message}});
    }
    return dump({{"schema", Report::kSchema},
                 {"cases", result_.programs},
                 {"unfinished", result_.unfinished},
                 {"cut_off", result_.cut_off},
                 {"allocations", result_.allocations},
                 {"memory_errors", result_.memory_errors},
                 {"done_without", result_.done_without},
                 {"findings", findings}});
  }
  std::string text() const {
    std::string text;
    for (std::size_t i = 0; i < result_.found.size() && i < kShown; ++i) {
      const AllocationFailures::Found& found = result_.found[i];
      text += fmt::format("{}, allocation {}: {}\n    {}\n", printable(found.id), found.allocation,
                          printable(found.finding.signature), printable(found.finding.message));
    }
    if (result_.found.size() > kShown) {
      text += fmt::format("… and {} more; --format=json lists them all\n",
                          result_.found.size() - kShown);
    }
    if (result_.cut_off > 0) {
      text += fmt::format(
          "{} left before each allocation was tried\n",
          result_.cut_off == 1 ? "1 case was" : fmt::format("{} cases were", result_.cut_off));
    }
    return text +
           fmt::format(
               "{} cases ({} do not end), {} allocations failed: {} with MemoryError, {} done "
               "without; {} findings\n",
               result_.programs, result_.unfinished, result_.allocations, result_.memory_errors,
               result_.done_without, result_.found.size());
  }

  runtime::Settings settings_;
  AllocationFailures result_;
};

/// The cases of a file, one on a line.
struct CaseLines {
  struct Line {
    std::size_t number = 0;  // In the file, from 1.
    std::size_t begin = 0, bytes = 0;
  };
  std::string_view text(const Line& line) const {
    return std::string_view(content).substr(line.begin, line.bytes);
  }
  std::string name;
  std::string content;
  std::vector<Line> lines;
};

Expected<CaseLines> read_lines(const std::string& name) {
  Expected<std::string> content = read_file(name, kFileBytesMax);
  if (!content) return content.error();
  CaseLines file{.name = name, .content = std::move(content).value(), .lines = {}};
  std::size_t number = 0;
  for (std::size_t begin = 0; begin < file.content.size();) {
    const std::size_t end = std::min(file.content.find('\n', begin), file.content.size());
    const CaseLines::Line line{.number = ++number, .begin = begin, .bytes = end - begin};
    if (file.text(line).find_first_not_of(" \t\r") != std::string_view::npos)
      file.lines.push_back(line);
    begin = end + 1;
  }
  if (file.lines.empty()) return Error{fmt::format("{}: holds no case; was it cut off?", name)};
  return file;
}

/// How far a file was judged.
struct Judged {
  bool all = false;              // False: interrupted.
  std::optional<Error> error{};  // A line that is no case, or what kept us from going on.
  int code = kExitUsage;         // Of the error.
  std::vector<std::string> notes{};
};

/// Judges the cases of a file, each in both modes.
Judged judge_file(const CaseLines& file, Judge& judge, Isolator& isolator) {
  constexpr std::size_t kModes = 2;
  const auto mode_of = [](std::size_t item) {
    return item % kModes == 0 ? Switching::kSoft : Switching::kHard;
  };
  Judged judged;
  const auto work = [&](std::size_t item) -> std::optional<std::string> {
    if (item >= file.lines.size() * kModes) return std::nullopt;
    const CaseLines::Line& line = file.lines[item / kModes];
    const Expected<ConformanceCase> read = read_case(file.text(line));
    if (read) return judge.judge(*read, mode_of(item), isolator.tape()).dump();
    return Json({{"error", fmt::format("{}:{}: {}", file.name, line.number, read.error().message)}})
        .dump(-1, ' ', true, Json::error_handler_t::replace);
  };
  const auto fail = [&](std::string message, int code) {
    judged.error = Error{std::move(message)};
    judged.code = code;
  };
  const auto id_of = [&](std::size_t item) {
    const CaseLines::Line& line = file.lines[item / kModes];
    const Expected<ConformanceCase> read = read_case(file.text(line));
    return (read ? read->id : fmt::format("line {}", line.number)) + suffix(mode_of(item));
  };
  const auto take_death = [&](std::size_t item, const Finding& death) {
    judge.take_death(id_of(item), death);
  };
  const auto take = [&](std::size_t item, const std::string& text, const Isolator::Death* death) {
    if (judged.error) return;
    if (death != nullptr && death->killed) return fail(std::string(kKilledWords), kExitUnavailable);
    if (death != nullptr) return take_death(item, death->finding);
    if (text.empty()) {
      return take_death(
          item, {.kind = FindingKind::kCrash, .signature = "more than can be told", .message = ""});
    }
    const Json json = Json::parse(text);
    if (json.contains("error")) return fail(json.at("error"), kExitUsage);
    judge.take(json);
  };
  ItemsInChildren items(isolator);
  judged.all = items.run(work, take);
  for (const ItemsInChildren::Disturbed& disturbed : items.disturbed()) {
    judged.notes.push_back(fmt::format(
        "{} {}, but not when it was repeated", id_of(disturbed.item),
        disturbed.death.killed
            ? "was killed by somebody else, or had no memory"
            : fmt::format("ended its process (\"{}\")", disturbed.death.finding.signature)));
  }
  return judged;
}

int conform(const CommandLine& line, const std::vector<std::string>& names, Judge& judge,
            std::uint64_t hang_ms) {
  const Interrupts interrupts;
  Isolator isolator({.hang_ms = hang_ms});
  isolator.set_keep_going(Interrupts::keep_going());
  std::vector<std::string> notes;
  for (const std::string& name : names) {
    const Expected<CaseLines> file = read_lines(name);
    if (!file) return line.fail(file.error());
    const Judged judged = judge_file(*file, judge, isolator);
    if (judged.error) return line.fail(*judged.error, judged.code);
    for (const std::string& note : judged.notes) line.warn("note: " + printable(note));
    notes.insert(notes.end(), judged.notes.begin(), judged.notes.end());
    if (!judged.all) break;
  }
  int code = judge.passed() ? kExitClean : kExitFinding;
  if (Interrupts::pending()) {
    code = Interrupts::exit_code();
    line.warn_interrupted();
  }
  std::string text = judge.render(line.format());
  if ((Interrupts::pending() || !notes.empty()) && line.format() == Format::kJson) {
    Json json = Json::parse(text);
    if (!notes.empty()) json["notes"] = notes;
    if (Interrupts::pending()) json["signal"] = Interrupts::name();
    text = dump(json);
  }
  return print_and_return(text, code);
}

}  // namespace

int run_conform(const Arguments& arguments, Kinds) {
  CommandLine line("conform", "Compare traces with those of the real interpreter.",
                   "  reweave conform corpora/conformance/public.jsonl\n"
                   "  reweave conform cases.jsonl --profile fixed --format=json\n"
                   "  reweave conform cases.jsonl --explain-fixed\n"
                   "  reweave conform cases.jsonl --fail-allocations",
                   "0 all agree or are explained, 1 some are not, 2 a file cannot be read");
  std::vector<std::string> names;
  std::string profile;
  line.app()
      .add_option("files", names, "Recorded cases, one JSON object on a line; -: standard input")
      ->type_name("FILE")
      ->required();
  line.app()
      .add_option("--profile", profile,
                  "The version whose defects are on (default: stackless-3.7.5;\nfixed with "
                  "--fail-allocations)")
      ->type_name("NAME");
  bool explain = false;
  line.app().add_flag("--explain-fixed", explain,
                      "All defects off: which one explains each difference that there is then?");
  bool specification = false;
  line.app().add_flag("--specification", specification,
                      "Run the executable specification alone, not the runtime");
  bool fails = false;
  line.app().add_flag("--fail-allocations", fails,
                      "Compare nothing: run each case once for each of its allocations, which\n"
                      "fails; the oracles listen");
  std::uint64_t hang_ms = 10'000;
  add_hang_flag(line.app(), hang_ms);
  line.limit_time();
  line.add_output_flags({"text", "json"});
  if (!line.parse(arguments)) return line.exit_code();
  runtime::Settings settings;
  if (profile.empty()) profile = fails ? "fixed" : "stackless-3.7.5";
  const Expected<runtime::DefectSet> defects = runtime::profile_defects(profile);
  if (!defects) return line.fail(defects.error());
  settings.defects = *defects;
  if (fails) {
    FailAllocations judge(settings);
    return conform(line, names, judge, hang_ms);
  }
  if (explain) {
    Explain judge(settings.defects);
    return conform(line, names, judge, hang_ms);
  }
  Compare judge(settings, specification);
  return conform(line, names, judge, hang_ms);
}

}  // namespace reweave::repro
