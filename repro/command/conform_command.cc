// `reweave conform`: does the runtime do what the real interpreter did, event by event?

#include <fmt/format.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "repro/command/command_line.h"
#include "repro/file/workdir.h"
#include "repro/judge/allocation_failures.h"
#include "repro/judge/conformance.h"
#include "repro/judge/live_defects.h"

namespace reweave::repro {
namespace {

constexpr std::size_t kFileBytesMax = 256u << 20;

/// One case in one mode.
struct Failure {
  std::string id;  // "p00042:hard"
  Difference difference;
};

struct Conformance {
  std::size_t cases = 0;  // Pairs of a case and a mode.
  std::size_t passed = 0;
  std::vector<Failure> failures;
};

std::string describe(const Failure& failure) {
  std::string text =
      fmt::format("{} differs at line {}\n", failure.id, failure.difference.line + 1);
  for (const std::string& line : failure.difference.before) text += "    both      " + line + "\n";
  const auto or_end = [](const std::string& line) {
    return line.empty() ? "(nothing more)" : line;
  };
  text += "    recorded  " + or_end(failure.difference.expected) + "\n";
  text += "    here      " + or_end(failure.difference.found) + "\n";
  return text;
}

/// Who is compared with the recordings: the runtime, or the specification.
using Observer = Observation (*)(const ConformanceCase&, const runtime::Settings&);

Observation observe_runtime(const ConformanceCase& conformance_case,
                            const runtime::Settings& settings) {
  return observe(conformance_case, settings);
}

void run_case(const ConformanceCase& conformance_case, runtime::Settings settings,
              Observer observer, Conformance& result) {
  using runtime::Switching;
  for (const Switching mode : {Switching::kSoft, Switching::kHard}) {
    settings.switching = mode;
    ++result.cases;
    const bool soft = mode == Switching::kSoft;
    const auto difference = first_difference(soft ? conformance_case.soft : conformance_case.hard,
                                             observer(conformance_case, settings));
    if (!difference) {
      ++result.passed;
    } else {
      result.failures.push_back({conformance_case.id + (soft ? ":soft" : ":hard"), *difference});
    }
  }
}

Status for_each_case(const std::string& name,
                     const std::function<void(const ConformanceCase&)>& use) {
  const Expected<std::string> text = read_file(name, kFileBytesMax);
  if (!text) return text.error();
  std::size_t number = 0;
  for (std::size_t begin = 0; begin < text->size();) {
    const std::size_t end = std::min(text->find('\n', begin), text->size());
    const std::string_view line = std::string_view(*text).substr(begin, end - begin);
    begin = end + 1;
    ++number;
    if (line.empty()) continue;
    const Expected<ConformanceCase> read = read_case(line);
    if (!read) return Error{fmt::format("{}:{}: {}", name, number, read.error().message)};
    use(*read);
  }
  return ok();
}

std::string render(const Conformance& result, Format format) {
  if (format == Format::kJson) {
    nlohmann::ordered_json failed = nlohmann::ordered_json::array();
    for (const Failure& failure : result.failures) failed.push_back(failure.id);
    const nlohmann::ordered_json json = {{"schema", Report::kSchema},
                                         {"cases", result.cases},
                                         {"passed", result.passed},
                                         {"failed", failed}};
    return json.dump() + "\n";
  }
  constexpr std::size_t kShown = 20;
  std::string text;
  for (std::size_t i = 0; i < result.failures.size() && i < kShown; ++i)
    text += describe(result.failures[i]) + "\n";
  if (result.failures.size() > kShown) {
    text += fmt::format("… and {} more; --format=json lists them all\n",
                        result.failures.size() - kShown);
  }
  return text + fmt::format("{} of {}\n", result.passed, result.cases);
}

void fail_allocations(const ConformanceCase& conformance_case, runtime::Settings settings,
                      AllocationFailures& result) {
  for (const auto mode : {runtime::Switching::kSoft, runtime::Switching::kHard}) {
    settings.switching = mode;
    const bool soft = mode == runtime::Switching::kSoft;
    result.add(conformance_case.id + (soft ? ":soft" : ":hard"), conformance_case.scenario,
               settings);
  }
}

std::string render(const AllocationFailures& result, Format format) {
  if (format == Format::kJson) {
    nlohmann::ordered_json findings = nlohmann::ordered_json::array();
    for (const AllocationFailures::Found& found : result.found) {
      findings.push_back({{"id", found.id},
                          {"allocation", found.allocation},
                          {"signature", found.finding.signature},
                          {"message", found.finding.message}});
    }
    const nlohmann::ordered_json json = {{"schema", Report::kSchema},
                                         {"cases", result.programs},
                                         {"unfinished", result.unfinished},
                                         {"allocations", result.allocations},
                                         {"memory_errors", result.memory_errors},
                                         {"done_without", result.done_without},
                                         {"findings", findings}};
    return json.dump() + "\n";
  }
  constexpr std::size_t kShown = 20;
  std::string text;
  for (std::size_t i = 0; i < result.found.size() && i < kShown; ++i) {
    const AllocationFailures::Found& found = result.found[i];
    text += fmt::format("{}, allocation {}: {}\n    {}\n", found.id, found.allocation,
                        found.finding.signature, found.finding.message);
  }
  if (result.found.size() > kShown) {
    text +=
        fmt::format("… and {} more; --format=json lists them all\n", result.found.size() - kShown);
  }
  return text + fmt::format(
                    "{} cases ({} do not end), {} allocations failed: {} with MemoryError, {} done "
                    "without; "
                    "{} findings\n",
                    result.programs, result.unfinished, result.allocations, result.memory_errors,
                    result.done_without, result.found.size());
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
      .add_option("files", names, "Recorded cases, one JSON object on a line")
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
  line.add_output_flags({"text", "json"});
  if (!line.parse(arguments)) return line.exit_code();
  runtime::Settings settings;
  if (profile.empty()) profile = fails ? "fixed" : "stackless-3.7.5";
  const Expected<runtime::DefectSet> defects = runtime::profile_defects(profile);
  if (!defects) return line.fail(defects.error());
  settings.defects = *defects;
  Conformance result;
  AllocationFailures failures;
  Explanations explanations(settings.defects);
  const Observer observer = specification ? predict : observe_runtime;
  for (const std::string& name : names) {
    const Status status = for_each_case(name, [&](const ConformanceCase& conformance_case) {
      if (fails) {
        fail_allocations(conformance_case, settings, failures);
      } else if (explain) {
        explanations.add(conformance_case);
      } else {
        run_case(conformance_case, settings, observer, result);
      }
    });
    if (!status) return line.fail(status.error());
  }
  if (fails) {
    return print_and_return(render(failures, line.format()),
                            failures.found.empty() ? kExitClean : kExitFinding);
  }
  if (explain) {
    return print_and_return(
        line.format() == Format::kJson ? explanations.json() : explanations.text(),
        explanations.complete() ? kExitClean : kExitFinding);
  }
  return print_and_return(render(result, line.format()),
                          result.failures.empty() ? kExitClean : kExitFinding);
}

}  // namespace reweave::repro
