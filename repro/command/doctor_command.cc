// `reweave doctor`: is everything here that each command needs?

#include "repro/judge/doctor.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "repro/command/command_line.h"
#include "repro/report/printable.h"

namespace reweave::repro {
namespace {

using Json = nlohmann::ordered_json;

std::string_view state_of(const Check& check) {
  return check.present ? "ok" : check.unusable ? "unusable" : "missing";
}

std::string mark_of(const Check& check, const Terminal& terminal) {
  if (!check.present && check.needed) return terminal.red("MISSING ");
  return fmt::format("{:<8}", state_of(check));
}

std::string text_of(const Diagnosis& diagnosis, const Terminal& terminal) {
  std::string text;
  for (const Check& check : diagnosis.checks) {
    text += fmt::format("{}  {:<17} {}\n", mark_of(check, terminal), check.name,
                        printable(check.found));
    if (!check.present) {
      text += fmt::format("          needed by: {}\n          to mend it: {}\n", check.needed_by,
                          check.fix);
    }
  }
  return text;
}

std::string json_of(const Diagnosis& diagnosis) {
  Json json = {
      {"schema", Report::kSchema}, {"command", "doctor"}, {"healthy", diagnosis.healthy()}};
  json["checks"] = Json::array();
  for (const Check& check : diagnosis.checks) {
    json["checks"].push_back({{"name", check.name},
                              {"present", check.present},
                              {"state", state_of(check)},
                              {"needed", check.needed},
                              {"found", check.found},
                              {"needed_by", check.needed_by},
                              {"fix", check.fix}});
  }
  const RrProbe& rr = diagnosis.rr;
  json["rr"] = {{"outcome", rr_outcome_name(rr.outcome)},
                {"program", rr.program},
                {"version", rr.version},
                {"cause", rr.cause},
                {"fix", rr.fix},
                {"detail", rr.detail},
                {"facts", rr.facts}};
  return json.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n";
}

}  // namespace

int run_doctor(const Arguments& arguments, Kinds) {
  CommandLine line("doctor", "Is everything here that each command needs? Tried, not guessed.",
                   "  reweave doctor\n  reweave doctor --format=json",
                   "0 all that is needed is here, 69 something is missing");
  line.add_output_flags({"text", "json"});
  if (!line.parse(arguments)) return line.exit_code();
  const Diagnosis diagnosis = diagnose();
  const std::string text =
      line.format() == Format::kJson ? json_of(diagnosis) : text_of(diagnosis, line.terminal());
  return print_and_return(text, diagnosis.healthy() ? kExitClean : kExitUnavailable);
}

}  // namespace reweave::repro
