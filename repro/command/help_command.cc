// `reweave help`: the commands, one command, or one of the tables that the program is made of.

#include <fmt/format.h>

#include <cstring>

#include "repro/command/command_line.h"
#include "repro/file/raw_input.h"
#include "runtime/language/arguments.h"
#include "runtime/language/scenario.h"
#include "runtime/vocabulary/settings.h"
#include "scheduler/base/nearest.h"
#include "scheduler/strategy/strategies.h"

namespace reweave::repro {
namespace {

std::string overview() {
  std::string text =
      "reweave makes a concurrency bug happen again, every time.\n\n"
      "Examples:\n"
      "  reweave hunt corpora/scenarios/neutral.weave --profile stackless-2012-A\n"
      "  reweave shrink findings/lost-value-….weave --output small.weave\n"
      "  reweave replay small.weave --trace\n\n"
      "Commands:\n";
  for (const Command& command : all_commands())
    text += fmt::format("  {:<10} {}\n", command.name, command.summary);
  return text +
         "\n`reweave COMMAND --help` says more.\n"
         "Exit codes: 0 clean, 1 a finding, 2 bad flag or file, 3 diverged, 4 another verdict,\n"
         "69 a tool is missing, 70 a bug of reweave.\n";
}

std::string operations() {
  std::string text =
      "Operations of a scenario, one on a line. A block ends with `end`; every name is declared or "
      "defined\n"
      "in the file (`channel NAME`, `slot NAME`, `function NAME` … `end`). The first function is "
      "main.\n\n";
  for (int index = 0; index < runtime::op_count(); ++index) {
    const runtime::OpInfo& info = runtime::op_info(static_cast<runtime::OpCode>(index));
    std::string usage = info.word + runtime::argument_placeholders(info.arguments);
    if (info.shape == runtime::OpShape::kBlock) usage += " … end";
    if (info.shape == runtime::OpShape::kBlockThen) usage += " … then … end";
    // The dots count as three bytes but one column.
    const std::size_t columns =
        usage.size() - 2 * (info.shape == runtime::OpShape::kBlock       ? 1
                            : info.shape == runtime::OpShape::kBlockThen ? 2
                                                                         : 0);
    text += fmt::format("  {}{} {}\n", usage, std::string(columns < 28 ? 28 - columns : 0, ' '),
                        info.help);
  }
  return text;
}

std::string defects() {
  std::string text = "Historical defects, all off by default; --defects a,b switches them on:\n\n";
  for (const runtime::DefectInfo& info : runtime::all_defects()) {
    text += fmt::format("  {}  (fixed {}, {})\n      cause:   {}\n      symptom: {}\n", info.name,
                        info.date, info.origin, info.cause, info.symptom);
  }
  text += "\nProfiles, named sets of them; --profile NAME:\n\n";
  for (const runtime::Profile& profile : runtime::all_profiles()) {
    const std::string names = runtime::defect_names(profile.defects);
    text += fmt::format("  {:<18} {}{}\n", profile.name, profile.help,
                        names.empty() ? "" : ": " + names);
  }
  return text;
}

std::string strategy_table() {
  std::string text =
      "Strategies, for hunt --strategy NAME; all but the answers they choose is the same:\n\n";
  for (const StrategyInfo& info : strategies())
    text += fmt::format("  {:<16} {}\n", info.name, info.help);
  return text;
}

std::string format() {
  return "A `.weave` file, line by line; words after # are a comment, indentation is for the "
         "eye:\n\n"
         "  weave 1               the version, always first\n"
         "  settings … end        switching, defects, spill-levels, limits: how the runtime is set "
         "up\n"
         "  channel NAME          what the scenario uses\n"
         "  slot NAME             a place for a tasklet\n"
         "  function NAME … end   operations, see `reweave help operations`; the first is main\n"
         "  schedule … end        in a repro: the answers that were not ordinary, five words "
         "each:\n"
         "                        ACTOR KIND SITE NTH ANSWER\n"
         "  verdict … end         in a repro: what it must give:\n"
         "    finding KIND step N SIGNATURE\n"
         "    result WORDS        what each receive returned\n"
         "    trace HASH          of all that happened\n";
}

struct Topic {
  std::string_view name;
  std::string (*text)();
};
constexpr Topic kTopics[] = {{"operations", operations},
                             {"defects", defects},
                             {"strategies", strategy_table},
                             {"format", format}};

}  // namespace

int run_help(const Arguments& arguments) {
  if (arguments.empty()) return print_and_return(overview(), kExitClean);
  const std::string& name = arguments.front();
  if (name == "--help" || name == "-h") return print_and_return(overview(), kExitClean);
  std::vector<std::string_view> known;
  for (const Topic& topic : kTopics) {
    if (topic.name == name) return print_and_return(topic.text(), kExitClean);
    known.push_back(topic.name);
  }
  for (const Command& command : all_commands()) {
    if (command.name == name && command.name != "help") return command.run({"--help"});
    known.push_back(command.name);
  }
  fmt::print(stderr,
             "reweave help: there is no topic \"{}\"{}; there are: operations, defects, "
             "strategies, format, "
             "and the commands\n",
             name, did_you_mean(name, known));
  return kExitUsage;
}

}  // namespace reweave::repro
