#include "repro/judge/live_defects.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

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
  const Observation fixed = observe(conformance_case, settings_of(switching, {}), &findings, tape);
  if (!findings.empty()) explanation.finding = findings.front().signature;
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
  if (!explanation.finding.empty()) findings_.push_back({id, explanation.finding});
  const std::vector<std::string>& by = explanation.by;
  if (explanation.same) {
    ++same_;
  } else if (by.size() == 1) {
    explained_[by.front()].push_back(id);
  } else if (by.size() == 2) {
    explained_by_two_[fmt::format("{}", fmt::join(by, " and "))].push_back(id);
  } else {
    unexplained_.push_back({.id = id, .together = by});
  }
}

std::string Explanations::text() const {
  std::string text;
  std::size_t explained = 0, by_two = 0;
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
  for (const auto& [names, ids] : explained_by_two_)
    by_two += add_line(names, "explain together", ids);
  for (const Unexplained& one : unexplained_) {
    text += fmt::format("unexplained: {}: {}\n", printable(one.id),
                        one.together.empty()
                            ? "no live defect gives it"
                            : fmt::format("needs {}", fmt::join(one.together, " and ")));
  }
  for (const Finding& one : findings_)
    text += fmt::format("a finding with all defects off: {}: {}\n", printable(one.id),
                        printable(one.signature));
  return text + fmt::format(
                    "{} of {} are as recorded with all defects off; {} explained by one live "
                    "defect, {} by two together, {} unexplained, {} with a finding\n",
                    same_, cases_, explained, by_two, unexplained_.size(), findings_.size());
}

std::string Explanations::json() const {
  using Json = nlohmann::ordered_json;
  Json json = {{"schema", Report::kSchema}, {"cases", cases_}, {"same", same_}};
  json["explained"] = Json::object();
  for (const auto& [name, ids] : explained_) json["explained"][name] = ids;
  json["explained_by_two"] = Json::object();
  for (const auto& [names, ids] : explained_by_two_) json["explained_by_two"][names] = ids;
  json["unexplained"] = Json::array();
  for (const Unexplained& one : unexplained_)
    json["unexplained"].push_back({{"id", one.id}, {"together", one.together}});
  json["findings"] = Json::array();
  for (const Finding& one : findings_)
    json["findings"].push_back({{"id", one.id}, {"signature", one.signature}});
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace reweave::repro
