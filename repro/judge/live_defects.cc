#include "repro/judge/live_defects.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "repro/report/printable.h"
#include "repro/report/report.h"

namespace reweave::repro {
namespace {

using runtime::DefectInfo;
using runtime::Switching;

runtime::Settings settings_of(Switching switching, const std::vector<const DefectInfo*>& defects) {
  runtime::Settings settings;
  settings.switching = switching;
  for (const DefectInfo* const defect : defects) settings.defects.add(defect->defect);
  return settings;
}

const Observation& recorded(const ConformanceCase& conformance_case, Switching switching) {
  return switching == Switching::kSoft ? conformance_case.soft : conformance_case.hard;
}

// Does the specification, too, go on in the same way for as long as the limit lets it? Each ends
// with a line that says which limit stopped it, and the two count their steps differently.
bool same_until_the_limit(const Observation& observed, const Observation& predicted) {
  const std::string_view stopped = R"(["out","stopped: )";
  for (const Observation* const one : {&observed, &predicted})
    if (one->lines.size() < 2 || !one->lines.back().starts_with(stopped)) return false;
  const std::size_t both = std::min(observed.lines.size(), predicted.lines.size()) - 1;
  return std::equal(observed.lines.begin(),
                    observed.lines.begin() + static_cast<std::ptrdiff_t>(both),
                    predicted.lines.begin());
}

}  // namespace

Explanations::Explanations(runtime::DefectSet profile) {
  for (const DefectInfo& defect : runtime::all_defects()) {
    if (profile.has(defect.defect)) live_.push_back(&defect);
  }
}

bool Explanations::gives(const ConformanceCase& conformance_case, Switching switching,
                         const std::vector<const DefectInfo*>& defects, SharedTape* tape) const {
  return observe(conformance_case, settings_of(switching, defects), nullptr, tape) ==
         recorded(conformance_case, switching);
}

Explanations::Explanation Explanations::explain(const ConformanceCase& conformance_case,
                                                Switching switching, SharedTape* tape) const {
  Explanation explanation{.id = conformance_case.id +
                                (switching == Switching::kSoft ? ":soft" : ":hard")};
  std::vector<reweave::Finding> findings;
  const runtime::Settings repaired = settings_of(switching, {});
  const Observation fixed = observe(conformance_case, repaired, &findings, tape);
  if (!findings.empty()) {
    explanation.finding = findings.front().signature;
    explanation.never_ends = findings.size() == 1 &&
                             findings.front().kind == FindingKind::kLivelock &&
                             same_until_the_limit(fixed, predict(conformance_case, repaired));
  }
  explanation.same = fixed == recorded(conformance_case, switching);
  if (explanation.same) return explanation;
  for (const DefectInfo* const defect : live_) {
    if (!gives(conformance_case, switching, {defect}, tape)) continue;
    explanation.by = {defect->name};
    return explanation;
  }
  // Not by one alone: of those that give it together, take away what is not needed.
  std::vector<const DefectInfo*> together = live_;
  if (!gives(conformance_case, switching, together, tape)) return explanation;
  for (std::size_t i = together.size(); i-- > 0;) {
    std::vector<const DefectInfo*> fewer = together;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
    if (gives(conformance_case, switching, fewer, tape)) together = std::move(fewer);
  }
  for (const DefectInfo* const defect : together) explanation.by.emplace_back(defect->name);
  return explanation;
}

void Explanations::add(const Explanation& explanation) {
  ++cases_;
  const std::string& id = explanation.id;
  if (explanation.never_ends) {
    never_end_.push_back(id);
  } else if (!explanation.finding.empty()) {
    findings_.push_back({id, explanation.finding});
  }
  const std::vector<std::string>& by = explanation.by;
  if (explanation.same) {
    ++same_;
  } else if (by.size() == 1) {
    explained_[by.front()].push_back(id);
  } else if (by.empty()) {
    unexplained_.push_back(id);
  } else {
    explained_by_several_[by].push_back(id);
  }
}

std::string Explanations::text() const {
  std::string text;
  std::size_t explained = 0;
  std::map<std::size_t, std::size_t> by_number;  // Of defects that are needed together.
  const auto add_line = [&text](const std::string& names, const char* verb,
                                const std::vector<std::string>& ids) {
    std::string shown;
    for (std::size_t i = 0; i < ids.size() && i < 4; ++i)
      shown += (i == 0 ? "" : " ") + printable(ids[i]);
    text += fmt::format("{:<28} {} {}: {}{}\n", names, verb, ids.size(), shown,
                        ids.size() > 4 ? " …" : "");
    return ids.size();
  };
  for (const auto& [name, ids] : explained_) explained += add_line(name, "explains", ids);
  for (const auto& [names, ids] : explained_by_several_)
    by_number[names.size()] +=
        add_line(fmt::format("{}", fmt::join(names, " and ")), "explain together", ids);
  if (!never_end_.empty())
    add_line("with all defects off", "the specification, too, never ends for", never_end_);
  for (const std::string& id : unexplained_)
    text += fmt::format("unexplained: {}: no set of live defects gives it\n", printable(id));
  for (const Finding& one : findings_)
    text += fmt::format("a finding with all defects off: {}: {}\n", printable(one.id),
                        printable(one.signature));
  std::string together;
  for (const auto& [defects, number] : by_number)
    together += fmt::format(", {} by {} together", number, defects);
  return text + fmt::format(
                    "{} of {} are as recorded with all defects off; {} explained by one live "
                    "defect{}, {} unexplained, {} with a finding\n",
                    same_, cases_, explained, together, unexplained_.size(), findings_.size());
}

std::string Explanations::json() const {
  using Json = nlohmann::ordered_json;
  Json json = {{"schema", Report::kSchema}, {"cases", cases_}, {"same", same_}};
  json["explained"] = Json::object();
  for (const auto& [name, ids] : explained_) json["explained"][name] = ids;
  json["explained_by_several"] = Json::array();
  for (const auto& [names, ids] : explained_by_several_)
    json["explained_by_several"].push_back({{"defects", names}, {"ids", ids}});
  json["never_end"] = never_end_;
  json["unexplained"] = unexplained_;
  json["findings"] = Json::array();
  for (const Finding& one : findings_)
    json["findings"].push_back({{"id", one.id}, {"signature", one.signature}});
  return json.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n";
}

}  // namespace reweave::repro
