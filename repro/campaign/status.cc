// What there is in the folder of a campaign, as text and as JSON.

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "repro/campaign/campaign.h"
#include "repro/report/printable.h"
#include "repro/run/nothing_seen.h"

namespace reweave::repro {
namespace {

using Json = nlohmann::ordered_json;

struct Group {
  std::string signature{};
  const ReproFacts* repro = nullptr;  // The best one.
  std::uint64_t times = 0;
};

std::vector<Group> groups_of(const CampaignStatus& status) {
  const std::map<std::string, std::uint64_t> times = times_of(status.states);
  std::map<std::string, Group> groups;
  for (const ReproFacts& repro : status.repros) {
    for (const std::string& signature : repro.signatures) {
      Group& group = groups[signature];
      group.signature = signature;
      if (group.repro == nullptr || is_better(repro, *group.repro, signature)) group.repro = &repro;
      const auto seen = times.find(signature);
      if (seen != times.end()) group.times = seen->second;
    }
  }
  std::vector<Group> sorted;
  for (auto& [signature, group] : groups) sorted.push_back(group);
  return sorted;
}

std::uint64_t sum(const CampaignStatus& status, std::uint64_t ShardState::*field) {
  std::uint64_t all = 0;
  for (const ShardState& state : status.states) all += state.*field;
  return all;
}

/// What the arms of one name did in all shards.
std::map<std::pair<std::string, std::string>, ArmRecord> arms_of(const CampaignStatus& status) {
  std::map<std::pair<std::string, std::string>, ArmRecord> all;
  for (const ShardState& state : status.states) {
    for (const ArmState& arm : state.arms) {
      ArmRecord& record = all[{arm.target, arm.strategy}];
      record.units += arm.record.units;
      record.executions += arm.record.executions;
      record.questions += arm.record.questions;
      record.stopped += arm.record.stopped;
      record.found += arm.record.found;
      record.exhausted = record.exhausted || arm.record.exhausted;
    }
  }
  return all;
}

/// By the rule of a single hunt, for one arm or for all.
NothingSeen seen_by(const ArmRecord& record) {
  if (record.executions > 0 && record.questions == 0) {
    return {.verdict = std::string(kUnexploredVerdict),
            .words =
                "nothing was explored: no execution asked a question, so that none could go "
                "another way; `hunt` says why"};
  }
  if (record.stopped == 0 || record.stopped < record.executions) return {};
  return {.verdict = std::string(kStoppedVerdict),
          .words =
              "a limit stopped every execution, so that none was seen to its end; `hunt` says "
              "which"};
}

NothingSeen seen_by_all(const CampaignStatus& status) {
  if (status.has_findings() || status.is_nondeterministic()) return {};
  ArmRecord all;
  for (const auto& [name, record] : arms_of(status)) {
    all.executions += record.executions;
    all.questions += record.questions;
    all.stopped += record.stopped;
  }
  return seen_by(all);
}

std::string verdict_of(const CampaignStatus& status) {
  if (status.has_findings()) return "finding";
  if (status.is_nondeterministic()) return "nondeterministic";
  const NothingSeen seen = seen_by_all(status);
  return seen ? seen.verdict : "clean";
}

/// What was found out in another way than by findings, and what went wrong.
std::vector<std::string> notes_of(const CampaignStatus& status) {
  std::vector<std::string> notes = status.troubles;
  if (NothingSeen seen = seen_by_all(status)) notes.push_back(std::move(seen.words));
  return notes;
}

}  // namespace

CampaignStatus status_of(const CampaignFolder& folder) {
  CampaignStatus status;
  CampaignFolder::States states = folder.read_states();
  FoundRepros found = folder.find_repros();
  status.states = std::move(states.states);
  status.repros = std::move(found.repros);
  status.waiting = find_repros(folder.news()).repros.size();
  status.unconfirmed = find_repros(folder.unconfirmed()).repros.size();
  status.troubles = std::move(states.troubles);
  status.troubles.insert(status.troubles.end(), found.troubles.begin(), found.troubles.end());
  for (const ShardState& state : status.states)
    status.troubles.insert(status.troubles.end(), state.troubles.begin(), state.troubles.end());
  return status;
}

std::string status_text(const CampaignFolder& folder, const CampaignStatus& status,
                        const Terminal& terminal) {
  const std::vector<Group> groups = groups_of(status);
  std::string text = fmt::format("{}: {} in {}, {} of work in {}\n", printable(folder.root()),
                                 plural(groups.size(), "signature"),
                                 plural(sum(status, &ShardState::executions), "execution"),
                                 plural(sum(status, &ShardState::milliseconds) / 1000, "second"),
                                 plural(status.states.size(), "shard"));
  for (const Group& group : groups) {
    text += fmt::format("\n{}\n", terminal.bold(printable(group.signature)));
    text += fmt::format("  seen       {}\n", plural(group.times, "time"));
    text += fmt::format("  repro      {}, {}\n", printable(group.repro->name),
                        plural(group.repro->answers, "answer"));
  }
  text += "\n";
  for (const auto& [name, record] : arms_of(status)) {
    const NothingSeen seen = seen_by(record);
    text += fmt::format("  {:<18} {:>14} executions in {:>5} units, {:>3} new{}{}   {}\n",
                        name.second.empty() ? "all in turn" : name.second,
                        with_commas(record.executions), with_commas(record.units), record.found,
                        record.exhausted ? ", exhausted" : "", seen ? ", " + seen.verdict : "",
                        printable(name.first));
  }
  text += fmt::format("  left       {}\n", leftover_of(status.states).text());
  if (status.waiting > 0)
    text += fmt::format("  waiting    {} to be confirmed\n", plural(status.waiting, "repro"));
  if (status.unconfirmed > 0)
    text += fmt::format("  set aside  {}: not the same in a fresh process\n",
                        plural(status.unconfirmed, "repro"));
  for (const std::string& note : notes_of(status))
    text += fmt::format("  note       {}\n", printable(note));
  return text;
}

std::string status_json(const CampaignFolder& folder, const CampaignStatus& status,
                        const CampaignResult* end) {
  const Leftover left = leftover_of(status.states);
  const std::vector<Group> groups = groups_of(status);
  Json json = {{"schema", ShardState::kSchema},
               {"command", "campaign"},
               {"folder", folder.root()},
               {"verdict", verdict_of(status)},
               {"executions", left.executions},
               {"units", sum(status, &ShardState::units)},
               {"failed_units", sum(status, &ShardState::failed)},
               {"seconds", static_cast<double>(sum(status, &ShardState::milliseconds)) / 1000},
               {"shards", status.states.size()},
               {"waiting", status.waiting},
               {"unconfirmed", status.unconfirmed}};
  json["left"] = {{"method", "Good-Turing"}, {"seen_once", left.seen_once}};
  json["left"]["one_in"] = left.one_in();
  json["signatures"] = Json::array();
  for (const Group& group : groups) {
    json["signatures"].push_back({{"signature", group.signature},
                                  {"times", group.times},
                                  {"answers", group.repro->answers},
                                  {"repro", group.repro->name}});
  }
  json["arms"] = Json::array();
  for (const auto& [name, record] : arms_of(status)) {
    json["arms"].push_back({{"target", name.first},
                            {"strategy", name.second},
                            {"units", record.units},
                            {"executions", record.executions},
                            {"questions", record.questions},
                            {"stopped", record.stopped},
                            {"found", record.found},
                            {"exhausted", record.exhausted}});
  }
  if (const std::vector<std::string> notes = notes_of(status); !notes.empty())
    json["notes"] = notes;
  if (end != nullptr) json["stopped_by"] = campaign_end_word(end->end);
  if (end != nullptr && !end->trouble.empty()) json["error"] = end->trouble;
  return json.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n";
}

}  // namespace reweave::repro
