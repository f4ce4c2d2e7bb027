// `reweave help`: the commands, one command, or one of the tables that the program is made of.

#include <fmt/format.h>

#include <cstring>

#include "repro/command/command_line.h"
#include "repro/command/input.h"
#include "repro/file/weave_file.h"
#include "repro/file/workdir.h"
#include "repro/report/sarif.h"
#include "runtime/language/operations_help.h"
#include "runtime/vocabulary/settings.h"
#include "scheduler/base/nearest.h"
#include "scheduler/strategy/strategies.h"

namespace reweave::repro {
namespace {

std::string operations(Kinds) { return runtime::operations_help(); }

std::string defects(Kinds) {
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

std::string strategy_table(Kinds) {
  std::string text =
      "Strategies, for hunt --strategy NAME; all but the answers they choose is the same:\n\n";
  for (const StrategyInfo& info : strategies())
    text += fmt::format("  {:<16} {}\n", info.name, info.help);
  return text;
}

std::string format(Kinds) {
  return "A `.weave` file, line by line; words after # are a comment, indentation is for the "
         "eye:\n\n"
         "  weave 1               the version, always first\n"
         "  subject KIND          what it is about, see `reweave help subjects`; tasklets if "
         "unsaid\n"
         "  settings … end        how the subject is set up, see `reweave help settings`\n"
         "  channel NAME          what the scenario uses\n"
         "  slot NAME             a place for a tasklet\n"
         "  function NAME … end   operations, see `reweave help operations`; the first is main\n"
         "    … NAME daemon       who waits for ever in a call of it does so on purpose\n"
         "    … NAME raises       an exception that nobody catches may end who runs it\n"
         "  schedule … end        in a repro: the answers that were not ordinary, five words "
         "each:\n"
         "                        ACTOR KIND SITE NTH ANSWER\n"
         "  verdict … end         in a repro: what it must give:\n"
         "    finding KIND step N SIGNATURE\n"
         "    result WORDS        what each receive returned\n"
         "    trace HASH          of all that happened\n";
}

/// One kind's settings, in the order of a file's lines.
std::string settings_of_kind(const SubjectKind& kind) {
  std::string text = fmt::format("Settings of {}:\n\n", kind.name());
  const SettingValues values(kind.settings());
  for (const SettingInfo* const info : values.rows()) {
    const std::string flag = info->flag.empty() || info->flag == info->word
                                 ? ""
                                 : fmt::format(" (also --{})", info->flag);
    text += fmt::format("  {:<20} {}\n  {:<20} {}; default: {}{}\n", info->word, info->help, "",
                        values_text(*info), values.text(info->word), flag);
  }
  for (const SettingFlag& flag : kind.flags())
    text += fmt::format("  {:<20} {}\n", fmt::format("--{} {}", flag.name, flag.values), flag.help);
  return text;
}

std::string settings(Kinds kinds) {
  std::string text =
      "A setting NAME is a line of a file's section `settings`, a flag --NAME of hunt, replay and "
      "shrink,\nand, for fuzz targets, a variable of the environment: "
      "spill-levels is REWEAVE_SPILL_LEVELS.\n\n";
  for (const SubjectKind* const kind : kinds) text += settings_of_kind(*kind) + "\n";
  text.pop_back();
  return text;
}

std::string subjects(Kinds kinds) {
  std::string text =
      "Kinds of subjects; `subject NAME` after `weave 1` says which one a file is about, and "
      "without\nit it is about tasklets:\n\n";
  for (const SubjectKind* const kind : kinds) {
    text += fmt::format("  {:<16} {}\n", kind->name(), kind->help());
    if (!kind->arguments().empty())
      text += fmt::format("  {:<16} {} hunt -- {}\n", "", tool_name(), kind->arguments());
  }
  return text;
}

std::string findings(Kinds) {
  std::string text =
      "Kinds of findings: the first word of a signature, and of a line `finding` in a verdict:\n\n";
  for (int kind = 0; kind < kFindingKindCount; ++kind) {
    text += fmt::format("  {:<18} {}\n", finding_kind_name(static_cast<FindingKind>(kind)),
                        finding_help(static_cast<FindingKind>(kind)));
  }
  return text;
}

std::string verdicts(Kinds) {
  return "A verdict is what an execution gave. In a file, section `verdict`:\n\n"
         "  finding KIND step N SIGNATURE   what an oracle saw, in order; none: it was clean\n"
         "  result WORDS                    what each receive returned; how main ended\n"
         "  trace HASH                      of all events, answers and findings\n\n"
         "`check` compares all of it; of compiled programs the findings without their steps.\n\n"
         "With --format=json the field `verdict` of a report says\n\n"
         "  clean         nothing was found\n"
         "  finding       something was\n"
         "  stopped       nothing was found up to a limit, where it was stopped\n"
         "  interrupted   by a signal, before it was done\n"
         "  diverged      a replay did something else than its schedule\n"
         "  disturbed     processes were killed from outside\n"
         "  error         a flag, a file, or the machine; `error` says what\n";
}

/// One defect, with the commands that show it.
std::string one_defect(const runtime::DefectInfo& info) {
  return fmt::format(
      "{0}  (fixed {1}, {2})\n\n  cause:   {3}\n  symptom: {4}\n\n"
      "A small repro of it: {5} explain corpora/repros/defects/{0}.weave\n"
      "To hunt for it:      {5} hunt --generated --defects {0}\n",
      info.name, info.date, info.origin, info.cause, info.symptom, tool_name());
}

struct Topic {
  std::string_view name;
  std::string (*text)(Kinds kinds);
  std::string_view needs = "";  // The kind of subject that it is about; "": all.
};

std::vector<Topic> topics_for(Kinds kinds) {
  constexpr std::string_view kTasklets = WeaveFile::kDefaultKind;
  constexpr Topic kTopics[] = {{"operations", operations, kTasklets},
                               {"defects", defects, kTasklets},
                               {"settings", settings},
                               {"findings", findings},
                               {"verdicts", verdicts},
                               {"strategies", strategy_table},
                               {"subjects", subjects},
                               {"format", format}};
  std::vector<Topic> topics;
  for (const Topic& topic : kTopics) {
    if (topic.needs.empty() || find_kind(kinds, topic.needs)) topics.push_back(topic);
  }
  return topics;
}

std::string overview(Kinds kinds) {
  const std::string tool = tool_name();
  std::string text = fmt::format("{} makes a concurrency bug happen again, every time.\n\n", tool);
  if (find_kind(kinds, WeaveFile::kDefaultKind)) {
    text += "Examples:\n";
    if (const SubjectKind* const kind = kind_with_arguments(kinds))
      text += fmt::format("  {} hunt -- {}\n", tool, kind->arguments());
    text += fmt::format(
        "  {0} hunt corpora/scenarios/neutral.weave --profile stackless-2012-A\n"
        "  {0} shrink findings/lost-value-….weave --output small.weave\n"
        "  {0} replay small.weave --trace\n\n",
        tool);
  }
  text += "Commands:\n";
  for (const Command& command : commands_for(kinds))
    text += fmt::format("  {:<10} {}\n", command.name, command.summary);
  text += "Topics of `help`:";
  for (const Topic& topic : topics_for(kinds))
    text += fmt::format("{} {}", text.back() == ':' ? "" : ",", topic.name);
  return text +
         fmt::format(
             "\n\n`{} COMMAND --help` says more.\n"
             "Exit codes: 0 clean, 1 a finding, 2 bad flag or file, 3 diverged, 4 another "
             "verdict,\n69 a tool, memory or processes are missing, 70 a bug of reweave, 74 "
             "output cannot be written,\n124 its --seconds were over, 130 or 143 interrupted.\n",
             tool);
}

int help_defect(const std::string& name) {
  std::vector<std::string_view> known;
  for (const runtime::DefectInfo& info : runtime::all_defects()) {
    if (info.name == name) return print_and_return(one_defect(info), kExitClean);
    known.emplace_back(info.name);
  }
  fmt::print(stderr,
             "{0} help defects: there is no defect \"{1}\"{2}; `{0} help defects` lists them\n",
             tool_name(), name, did_you_mean(name, known));
  return kExitUsage;
}

}  // namespace

int run_help(const Arguments& arguments, Kinds kinds) {
  if (arguments.empty()) return print_and_return(overview(kinds), kExitClean);
  const std::string& name = arguments.front();
  if (name == "defects" && arguments.size() > 1 && find_kind(kinds, WeaveFile::kDefaultKind))
    return help_defect(arguments[1]);
  if (name == "--help" || name == "-h") return print_and_return(overview(kinds), kExitClean);
  std::vector<std::string_view> known;
  std::string list;
  for (const Topic& topic : topics_for(kinds)) {
    if (topic.name == name) return print_and_return(topic.text(kinds), kExitClean);
    known.push_back(topic.name);
    list += fmt::format("{}, ", topic.name);
  }
  const std::vector<Command> commands = commands_for(kinds);
  for (const Command& command : commands) {
    if (command.name == name && command.name != "help") return command.run({"--help"}, kinds);
    known.push_back(command.name);
  }
  fmt::print(stderr, "{} help: there is no topic \"{}\"{}; there are: {}and the commands\n",
             tool_name(), name, did_you_mean(name, known), list);
  return kExitUsage;
}

}  // namespace reweave::repro
