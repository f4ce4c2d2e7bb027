// `reweave campaign run | status | triage | merge | minimize`: hunts that a team leaves running.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "repro/campaign/campaign.h"
#include "repro/campaign/status_page.h"
#include "repro/campaign/triage.h"
#include "repro/command/input.h"
#include "repro/command/quantity.h"
#include "repro/file/workdir.h"
#include "repro/report/printable.h"
#include "repro/run/interrupts.h"
#include "repro/run/process.h"
#include "scheduler/base/nearest.h"
#include "scheduler/strategy/strategies.h"

namespace reweave::repro {
namespace {

constexpr std::uint64_t kLeftOneIn = 100'000'000;

struct RunFlags {
  std::string folder;
  std::vector<std::string> files{};
  bool generated = false;
  SettingsFlags settings;
  std::vector<std::string> known{};
  std::uint64_t seed = 1;
  std::string shard{};
  std::uint64_t jobs = std::max(1u, std::thread::hardware_concurrency());
  std::uint64_t executions = 0;
  std::uint64_t milliseconds = 0;
  std::uint64_t left_one_in = kLeftOneIn;
  std::uint64_t hang_ms = 10'000;
};

void add_flags(CLI::App& app, RunFlags& flags, Kinds kinds) {
  app.add_option("dir", flags.folder, "Folder of the campaign; it is made, or goes on")
      ->type_name("DIR")
      ->required();
  CLI::Option* const files =
      app.add_option("files", flags.files, "Files with subjects")->type_name("FILE");
  if (find_kind(kinds, WeaveFile::kDefaultKind))
    app.add_flag("--generated", flags.generated, "No file: generated scenarios")->excludes(files);
  app.add_option("--jobs", flags.jobs, "So many hunts at once (default: one for each core)")
      ->type_name("N")
      ->check(whole_number(1, 1024));
  app.add_option("--executions", flags.executions,
                 "Stop after so many, of all runs and shards together")
      ->type_name("N")
      ->transform(count_from(1));
  app.add_option("--seconds", flags.milliseconds, "Stop this run after so long: 90, 15m, 8h")
      ->type_name("TIME")
      ->transform(time_span());
  app.add_option("--left-one-in", flags.left_one_in,
                 fmt::format("Stop when less than one of N executions would show a signature that "
                             "none has shown, by a Good-Turing estimate (default: {}; 0: never)",
                             with_commas(kLeftOneIn)))
      ->type_name("N")
      ->transform(count_from(0));
  app.add_option(
         "--shard", flags.shard,
         "Be one of n processes that share the campaign: 3/8; auto in a Slurm array; auto/8 in a "
         "Kubernetes Indexed Job or under GNU parallel")
      ->type_name("I/N");
  app.add_option("--seed", flags.seed, "Start of the random numbers (default: 1)")
      ->type_name("N")
      ->check(whole_number());
  app.add_option("--known", flags.known,
                 "Mask the signatures of the repros in there (may be repeated)")
      ->type_name("FOLDER")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  add_hang_flag(app, flags.hang_ms);
  flags.settings.add(app, kinds);
}

/// The default first; those that try one execution, or everything in order, are no arms.
std::vector<std::string> arms_of(const SubjectKind& kind) {
  std::vector<std::string> names = {std::string(default_strategy(kind))};
  for (const StrategyInfo& info : strategies()) {
    const bool is_arm = info.name != "ordinary" && info.name != "depth-first";
    if (is_arm && info.name != names.front()) names.emplace_back(info.name);
  }
  return names;
}

Expected<CampaignOptions> options_of(const CommandLine& line, const RunFlags& flags, Kinds kinds) {
  CampaignOptions options{.tool = own_program(),
                          .known = flags.known,
                          .seed = flags.seed,
                          .jobs = flags.jobs,
                          .executions = flags.executions,
                          .milliseconds = flags.milliseconds,
                          .left_one_in = flags.left_one_in};
  options.flags = flags.settings.words();
  if (flags.hang_ms != RunFlags{}.hang_ms)
    options.flags.push_back(fmt::format("--hang-ms={}", flags.hang_ms));
  const Arguments& words = line.subject_words();
  if (!words.empty()) {
    const SubjectKind& kind = *kind_with_arguments(kinds);
    const Expected<WeaveFile> file = load_words(kind, words, flags.settings);
    if (!file) return file.error();
    CampaignOptions::Target target{.strategies = arms_of(kind)};
    target.words.push_back("--");
    target.words.insert(target.words.end(), words.begin(), words.end());
    for (const std::string& word : words)
      target.name += (target.name.empty() ? "" : " ") + shell_word(word);
    options.targets.push_back(std::move(target));
  }
  if (flags.generated)
    options.targets.push_back({.name = "generated", .words = {"--generated"}, .strategies = {""}});
  Runner runner;
  for (const std::string& name : flags.files) {
    if (is_standard_input(name))
      return Error{name + ": a campaign reads its files again and again; write it into one"};
    const Expected<WeaveFile> file =
        load_input({.file = name, .target = ""}, flags.settings, runner, kinds);
    if (!file) return file.error();
    options.targets.push_back({.name = name, .words = {name}, .strategies = arms_of(file->kind())});
  }
  if (options.targets.empty())
    return Error{"say in what to hunt: files, --generated, or words after `--`; see --help"};
  if (flags.shard.empty()) return options;
  const Expected<Shard> shard = parse_shard(flags.shard, variable_of_environment);
  if (!shard) return Error{"--shard: " + shard.error().message};
  options.shard = *shard;
  return options;
}

/// One line that is written anew on a terminal for how far it is; else one line each.
class Teller {
 public:
  Teller(const CommandLine& line, std::string name)
      : quiet_(line.quiet()), is_terminal_(line.terminal().is_terminal), name_(std::move(name)) {}
  void operator()(const std::string& text) {
    if (quiet_) return;
    fmt::print(stderr, "{}{}: {}\n", is_terminal_ ? "\r\x1b[K" : "", name_, text);
  }

 private:
  bool quiet_;
  bool is_terminal_;
  std::string name_;
};

int exit_code_of(const CampaignStatus& status) {
  if (status.has_findings()) return kExitFinding;
  return status.is_nondeterministic() ? kExitDiverged : kExitClean;
}

int exit_code_of(const CampaignResult& result, const CampaignStatus& status) {
  switch (result.end) {
    case CampaignEnd::kNotWritten:
      return kExitOutput;
    case CampaignEnd::kUsage:
      return kExitUsage;
    case CampaignEnd::kUnavailable:
      return kExitUnavailable;
    default:
      break;
  }
  const int code = exit_code_of(status);
  if (code == kExitClean && result.end == CampaignEnd::kInterrupted) return Interrupts::exit_code();
  return code;
}

int run(const Arguments& arguments, Kinds kinds) {
  const SubjectKind* const takes_words = kind_with_arguments(kinds);
  std::string examples = "  reweave campaign run DIR scenario.weave --seconds 8h";
  if (takes_words != nullptr)
    examples += fmt::format("\n  reweave campaign run DIR -- {}", takes_words->arguments());
  CommandLine line(
      "campaign run",
      "Hunt over strategies, targets and seeds until stopped; goes on where it was.", examples,
      "0 nothing found, 1 findings, 2 bad flag or file, 3 only what a fresh process does "
      "not show again, 69 another campaign is there or hunts die, 74 the folder "
      "cannot be written");
  RunFlags flags;
  add_flags(line.app(), flags, kinds);
  if (takes_words != nullptr) line.take_subject_words(takes_words->arguments());
  line.add_output_flags({"text", "json"});
  if (!line.parse(arguments)) return line.exit_code();
  Expected<CampaignOptions> options = options_of(line, flags, kinds);
  if (!options) return line.fail(options.error());
  const Interrupts interrupts;
  options->keep_going = Interrupts::keep_going();
  options->tell = Teller(line, "campaign");
  const CampaignFolder folder(flags.folder);
  const CampaignResult result = run_campaign(folder, *options);
  const CampaignStatus status = status_of(folder);
  const int code = exit_code_of(result, status);
  if (!result.trouble.empty()) line.warn(result.trouble);
  const std::string text = line.format() == Format::kJson
                               ? status_json(folder, status, &result)
                               : fmt::format("stopped by: {}\n{}", campaign_end_word(result.end),
                                             status_text(folder, status, line.terminal()));
  return print_and_return(text, code);
}

int status(const Arguments& arguments, Kinds) {
  CommandLine line("campaign status", "What a campaign has done and found.",
                   "  reweave campaign status DIR --format=json",
                   "0 nothing found, 1 findings, 3 only what a fresh process does not show again");
  std::string name;
  line.app().add_option("dir", name, "Folder of the campaign")->type_name("DIR")->required();
  std::string page;
  line.app().add_option("--html", page, "Write it as a page with curves")->type_name("FILE");
  line.add_output_flags({"text", "json"});
  if (!line.parse(arguments)) return line.exit_code();
  const CampaignFolder folder(name);
  if (Status look = folder.look(); !look) return line.fail(look.error());
  const CampaignStatus status = status_of(folder);
  if (!page.empty()) {
    const Status written = write_file(page, status_page(folder, status, /*reload_s=*/0));
    if (!written) return line.fail(written.error(), kExitOutput);
  }
  const std::string text = line.format() == Format::kJson
                               ? status_json(folder, status, nullptr)
                               : status_text(folder, status, line.terminal());
  return print_and_return(text, exit_code_of(status));
}

void append_github_summary(const CommandLine& line, const std::string& markdown) {
  const char* const path = std::getenv("GITHUB_STEP_SUMMARY");
  if (path == nullptr || *path == '\0') return;
  std::ofstream file(path, std::ios::app);
  file << markdown;
  if (!file.flush()) line.warn(fmt::format("{}: the summary cannot be written there", path));
}

int run_triage(const Arguments& arguments, Kinds) {
  CommandLine line("campaign triage", "Group repros by signature; tell new ones from known ones.",
                   "  reweave campaign triage findings --baseline tests/repros",
                   "0 all are known (or no baseline was named), 1 new ones, 2 bad flag or file");
  std::vector<std::string> folders, baseline;
  bool keep_best = false;
  line.app()
      .add_option("folders", folders, "Repros, or folders of them")
      ->type_name("FOLDER")
      ->required();
  line.app()
      .add_option("--baseline", baseline, "Repros that are known (may be repeated)")
      ->type_name("FOLDER")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  line.app().add_flag("--keep-best", keep_best,
                      "Remove the repros that are the best of no signature");
  line.add_output_flags({"text", "json", "github"});
  if (!line.parse(arguments)) return line.exit_code();
  for (const std::vector<std::string>* const names : {&folders, &baseline}) {
    for (const std::string& name : *names) {
      if (!std::filesystem::exists(name))
        return line.fail(fmt::format("{}: there is no such file or folder", name));
    }
  }
  const Triage result = triage(folders, baseline);
  for (const std::string& repro : result.not_needed) {
    std::error_code error;
    if (keep_best && !std::filesystem::remove(repro, error) && error)
      return line.fail(fmt::format("{}: cannot be removed: {}", repro, error.message()),
                       kExitOutput);
  }
  std::string text = triage_text(result);
  if (line.format() == Format::kJson) text = triage_json(result);
  if (line.format() == Format::kGithub) {
    text = triage_github(result);
    append_github_summary(line, triage_github_summary(result));
  }
  const bool has_new = result.has_baseline && result.new_count() > 0;
  return print_and_return(text, !result.troubles.empty() ? kExitUsage
                                : has_new                ? kExitFinding
                                                         : kExitClean);
}

int merge(const Arguments& arguments, Kinds) {
  CommandLine line("campaign merge",
                   "Add what other campaigns found, or folders of repros, to a campaign.",
                   "  reweave campaign merge DIR other-machine/DIR downloaded-repros",
                   "0 done, 2 bad flag, or done but for files that cannot be read, 74 the folder "
                   "cannot be written");
  std::string name;
  std::vector<std::string> others;
  line.app().add_option("dir", name, "Folder of the campaign")->type_name("DIR")->required();
  line.app().add_option("from", others, "Folders to be added")->type_name("FOLDER")->required();
  line.add_output_flags({"text", "json"});
  if (!line.parse(arguments)) return line.exit_code();
  const CampaignFolder folder(name);
  if (Status made = folder.prepare(); !made) return line.fail(made.error(), kExitOutput);
  for (const std::string& other : others) {
    if (!std::filesystem::exists(other))
      return line.fail(fmt::format("{}: there is no such folder", other));
  }
  int code = kExitClean;
  for (const std::string& other : others) {
    const Expected<CampaignFolder::PassedOver> merged = folder.merge(other);
    if (!merged) return line.fail(merged.error(), kExitOutput);
    for (const std::string& trouble : merged->troubles) line.warn(trouble + "; passed over");
    if (!merged->troubles.empty()) code = kExitUsage;
    if (merged->without_finding > 0) {
      line.warn(fmt::format("{}: {} left out that state no finding", other,
                            plural(merged->without_finding, "file")));
    }
  }
  const CampaignStatus status = status_of(folder);
  return print_and_return(line.format() == Format::kJson
                              ? status_json(folder, status, nullptr)
                              : status_text(folder, status, line.terminal()),
                          code);
}

/// Shrinks one repro, beside it; "": it cannot be shrunk.
std::string shrunk(const CampaignFolder& folder, const std::string& repro) {
  const std::string small = folder.news() + "/minimize.weave";
  const ProcessResult result =
      run_process({own_program(), "shrink", repro, "--output", small},
                  {.timeout_ms = 3'600'000, .keep_going = Interrupts::keep_going()});
  const Expected<std::string> text = result.succeeded() ? read_file(small) : Error{""};
  std::error_code ignored;
  std::filesystem::remove(small, ignored);
  if (!text) return "";
  const std::string stem = std::filesystem::path(repro).stem().string();
  const std::string kind = stem.substr(0, stem.rfind('-'));
  const std::string path =
      fmt::format("{}/{}-{}.weave", folder.repros(), kind, content_name(*text));
  return write_file(path, *text) ? path : "";
}

int minimize(const Arguments& arguments, Kinds) {
  CommandLine line("campaign minimize",
                   "Shrink what a campaign found, and keep the best repro of each signature.",
                   "  reweave campaign minimize DIR", "0 done, 2 bad flag or file, 74 not written");
  std::string name;
  line.app().add_option("dir", name, "Folder of the campaign")->type_name("DIR")->required();
  line.add_output_flags({"text", "json"});
  line.limit_time();
  if (!line.parse(arguments)) return line.exit_code();
  const CampaignFolder folder(name);
  if (Status look = folder.look(); !look) return line.fail(look.error());
  if (Status made = folder.prepare(); !made) return line.fail(made.error(), kExitOutput);
  const Interrupts interrupts;
  const std::vector<ReproFacts> repros = folder.find_repros().repros;
  std::size_t done = 0;
  for (const ReproFacts& repro : repros) {
    if (Interrupts::pending()) break;
    const std::string path = shrunk(folder, repro.name);
    if (Interrupts::pending()) break;
    ++done;
    if (path.empty() || path == repro.name) continue;
    const ProcessResult replay =
        run_process({own_program(), "replay", path},
                    {.timeout_ms = 600'000, .keep_going = Interrupts::keep_going()});
    if (Interrupts::pending()) break;
    (void)write_file(folder.report_of(path), replay.output);
  }
  if (Status pruned = folder.prune(); !pruned) return line.fail(pruned.error(), kExitOutput);
  if (Interrupts::pending()) {
    line.warn(fmt::format("interrupted by {}: {} of {} repros were tried", Interrupts::cause(),
                          done, repros.size()));
  }
  const CampaignStatus status = status_of(folder);
  return print_and_return(line.format() == Format::kJson
                              ? status_json(folder, status, nullptr)
                              : status_text(folder, status, line.terminal()),
                          Interrupts::pending() ? Interrupts::exit_code() : kExitClean);
}

struct Part {
  std::string_view name;
  std::string_view summary;
  int (*run)(const Arguments& arguments, Kinds kinds);
};

constexpr Part kParts[] = {
    {"run", "hunt until stopped; goes on where it was", run},
    {"status", "what has been done and found", status},
    {"triage", "group repros by signature, tell new ones from known ones", run_triage},
    {"merge", "add what other campaigns found", merge},
    {"minimize", "shrink what was found, keep the best of each signature", minimize},
};

std::string overview() {
  std::string text = fmt::format(
      "{0} campaign: hunts that a team leaves running, on one machine or many.\n\n"
      "  {0} campaign run DIR -- ./a.out\n  {0} campaign status DIR\n\n",
      tool_name());
  for (const Part& part : kParts) text += fmt::format("  {:<10} {}\n", part.name, part.summary);
  return text + fmt::format("\n`{} campaign PART --help` says more.\n", tool_name());
}

}  // namespace

int run_campaign_command(const Arguments& arguments, Kinds kinds) {
  const std::string name = arguments.empty() ? "" : arguments.front();
  if (name == "--help" || name == "-h") return print_and_return(overview(), kExitClean);
  std::vector<std::string_view> known;
  for (const Part& part : kParts) {
    if (part.name == name) return part.run({arguments.begin() + 1, arguments.end()}, kinds);
    known.push_back(part.name);
  }
  fmt::print(stderr, "{0} campaign: {1}{2}; `{0} campaign --help` lists what there is\n",
             tool_name(),
             name.empty() ? "say what to do" : fmt::format("there is no \"{}\"", printable(name)),
             did_you_mean(name, known));
  return kExitUsage;
}

}  // namespace reweave::repro
