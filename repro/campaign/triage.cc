#include "repro/campaign/triage.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "repro/campaign/folder.h"
#include "repro/file/workdir.h"
#include "repro/report/escapes.h"
#include "repro/report/printable.h"
#include "repro/report/report.h"
#include "repro/report/terminal.h"
#include "repro/run/process.h"

namespace reweave::repro {
namespace {

using Json = nlohmann::ordered_json;

TriageGroup group_of(const std::string& signature, std::vector<const ReproFacts*> repros) {
  std::sort(repros.begin(), repros.end(),
            [&](const ReproFacts* a, const ReproFacts* b) { return is_better(*a, *b, signature); });
  TriageGroup group{.signature = signature, .best = *repros.front()};
  for (std::size_t i = 1; i < repros.size(); ++i) group.others.push_back(repros[i]->name);
  return group;
}

/// "new", "known", or without a baseline "".
std::string standing(const Triage& triage, const TriageGroup& group) {
  if (!triage.has_baseline) return "";
  return group.known ? "known" : "new";
}

/// What the campaign that has this repro says of it; else how to repeat it.
std::string report_of(const std::string& repro) {
  const std::string root = std::filesystem::path(repro).parent_path().parent_path().string();
  const Expected<std::string> report = read_file(CampaignFolder(root).report_of(repro));
  return report ? *report : fmt::format("reweave replay {}", shell_file(repro));
}

}  // namespace

std::uint64_t Triage::new_count() const {
  return static_cast<std::uint64_t>(std::count_if(
      groups.begin(), groups.end(), [](const TriageGroup& group) { return !group.known; }));
}

Triage triage(const std::vector<std::string>& files_and_folders,
              const std::vector<std::string>& baseline) {
  Triage result{.has_baseline = !baseline.empty()};
  const FoundRepros found = find_repros(files_and_folders), base = find_repros(baseline);
  result.troubles = found.troubles;
  result.troubles.insert(result.troubles.end(), base.troubles.begin(), base.troubles.end());
  const std::set<std::string> known = base.signatures();
  std::map<std::string, std::vector<const ReproFacts*>> by_signature;
  for (const ReproFacts& repro : found.repros) {
    result.without_verdict += repro.signatures.empty() ? 1 : 0;
    for (const std::string& signature : repro.signatures) by_signature[signature].push_back(&repro);
  }
  for (const auto& [signature, repros] : by_signature) {
    result.groups.push_back(group_of(signature, repros));
    result.groups.back().known = known.count(signature) > 0;
  }
  std::stable_partition(result.groups.begin(), result.groups.end(),
                        [](const TriageGroup& group) { return !group.known; });
  for (const std::string& signature : known) {
    if (by_signature.count(signature) == 0) result.not_seen.push_back(signature);
  }
  std::set<std::string> needed;
  for (const ReproFacts& repro : kept(found.repros)) needed.insert(repro.name);
  for (const ReproFacts& repro : found.repros) {
    if (!repro.signatures.empty() && needed.count(repro.name) == 0)
      result.not_needed.push_back(repro.name);
  }
  return result;
}

std::string triage_text(const Triage& triage) {
  std::string text;
  for (const TriageGroup& group : triage.groups) {
    const std::string mark = standing(triage, group);
    text += fmt::format("{}{}\n", mark.empty() ? "" : fmt::format("{:<6} ", mark),
                        printable(group.signature));
    text += fmt::format("  best       {}, {} answer{}\n", printable(group.best.name),
                        with_commas(group.best.answers), group.best.answers == 1 ? "" : "s");
    for (const std::string& other : group.others)
      text += fmt::format("  also       {}\n", printable(other));
  }
  for (const std::string& signature : triage.not_seen)
    text += fmt::format("not seen {}\n", printable(signature));
  for (const std::string& trouble : triage.troubles)
    text += fmt::format("error    {}\n", printable(trouble));
  text += plural(triage.groups.size(), "signature");
  if (triage.has_baseline)
    text += fmt::format(", {} new, {} known", triage.new_count(),
                        triage.groups.size() - triage.new_count());
  text += fmt::format(", {} that none needs", plural(triage.not_needed.size(), "repro"));
  if (triage.without_verdict > 0)
    text += fmt::format(", {} without a finding", plural(triage.without_verdict, "file"));
  return text + "\n";
}

std::string triage_json(const Triage& triage) {
  Json json = {{"schema", 1}, {"command", "triage"}};
  json["signatures"] = Json::array();
  for (const TriageGroup& group : triage.groups) {
    Json row = {{"signature", group.signature},
                {"best", group.best.name},
                {"answers", group.best.answers},
                {"others", group.others}};
    row["known"] = triage.has_baseline ? Json(group.known) : Json(nullptr);
    json["signatures"].push_back(std::move(row));
  }
  json["not_seen"] = triage.not_seen;
  json["not_needed"] = triage.not_needed;
  json["without_verdict"] = triage.without_verdict;
  json["errors"] = triage.troubles;
  return json.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n";
}

std::string triage_github(const Triage& triage) {
  std::string text;
  for (const TriageGroup& group : triage.groups) {
    if (group.known) continue;
    text += fmt::format("::error title={}::{}\n", escape_github_property(group.signature),
                        escape_github_message(report_of(group.best.name)));
  }
  for (const std::string& trouble : triage.troubles)
    text += fmt::format("::error title=no repro::{}\n", escape_github_message(trouble));
  return text + fmt::format("{} new, {} known\n", triage.new_count(),
                            triage.groups.size() - triage.new_count());
}

std::string triage_github_summary(const Triage& triage) {
  std::string text = fmt::format("### Reweave: {} new finding{}\n\n", triage.new_count(),
                                 triage.new_count() == 1 ? "" : "s");
  for (const TriageGroup& group : triage.groups) {
    std::string shown = printable(group.signature);
    std::replace(shown.begin(), shown.end(), '`', '\'');
    if (!group.known) text += fmt::format("* `{}`: `{}`\n", shown, printable(group.best.name));
  }
  return text;
}

}  // namespace reweave::repro
