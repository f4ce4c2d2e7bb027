#include "repro/report/sarif.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "repro/file/workdir.h"
#include "repro/report/printable.h"
#include "repro/report/version.h"

namespace reweave::repro {
namespace {

using Json = nlohmann::ordered_json;

/// As a URI has it: relative to wherever the tool was called, or absolute.
std::string uri_of(std::string_view path) {
  std::string uri = path.starts_with('/') ? "file://" : "";
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~/").find(c) != std::string_view::npos;
    uri += plain ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  return uri;
}

Json physical(const std::string& file, int line) {
  return {{"artifactLocation", {{"uri", uri_of(file)}}},
          {"region", {{"startLine", std::max(line, 1)}}}};
}

Json location_of(const Place& place) {
  Json location = {{"physicalLocation", physical(place.file, place.line)}};
  if (!place.name.empty()) {
    location["logicalLocations"] = Json::array({{{"fullyQualifiedName", printable(place.name)}}});
  }
  return location;
}

/// Which rules are used, by name and in order, with what they mean.
class Rules {
 public:
  std::size_t index_of(const std::string& id, std::string_view help) {
    for (std::size_t i = 0; i < rules_.size(); ++i)
      if (rules_[i]["id"] == id) return i;
    rules_.push_back({{"id", id},
                      {"shortDescription", {{"text", std::string(help)}}},
                      {"defaultConfiguration", {{"level", "error"}}}});
    return rules_.size() - 1;
  }
  Json json() const { return rules_; }

 private:
  std::vector<Json> rules_;
};

Json result_of(Rules& rules, const std::string& id, std::string_view help,
               const std::string& message, const std::vector<Place>& places,
               std::string_view fingerprint) {
  Json result = {{"ruleId", id}, {"ruleIndex", rules.index_of(id, help)}, {"level", "error"}};
  result["message"] = {{"text", printable_lines(message)}};
  result["locations"] = Json::array();
  if (!places.empty()) result["locations"].push_back(location_of(places.front()));
  if (places.size() > 1) {
    result["relatedLocations"] = Json::array();
    for (std::size_t i = 1; i < places.size(); ++i) {
      Json related = location_of(places[i]);
      related["id"] = i;
      related["message"] = {{"text", printable(places[i].name)}};
      result["relatedLocations"].push_back(std::move(related));
    }
  }
  result["partialFingerprints"] = {{"reweaveSignature/v1", content_name(fingerprint)}};
  return result;
}

/// `signal`: what interrupted it, so that it is not all that was asked for; or "". `note`: what a
/// person has to know of a run without results; "": nothing.
std::string document(const Rules& rules, Json results, bool successful, const std::string& signal,
                     const std::string& note = "") {
  Json run = {
      {"tool",
       {{"driver", {{"name", "reweave"}, {"version", kVersion}, {"rules", rules.json()}}}}}};
  if (run["tool"]["driver"]["rules"].is_null()) run["tool"]["driver"]["rules"] = Json::array();
  Json invocation = {{"executionSuccessful", successful && signal.empty()}};
  if (!signal.empty()) invocation["exitSignalName"] = signal;
  if (!note.empty()) {
    invocation["toolExecutionNotifications"] =
        Json::array({{{"level", "note"}, {"message", {{"text", printable_lines(note)}}}}});
  }
  run["invocations"] = Json::array({std::move(invocation)});
  run["columnKind"] = "utf16CodeUnits";
  run["results"] = std::move(results);
  const Json json = {{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
                     {"version", "2.1.0"},
                     {"runs", Json::array({std::move(run)})}};
  return json.dump(1, ' ', true, Json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string sarif_text(const Report& report) {
  Rules rules;
  Json results = Json::array();
  for (std::size_t i = 0; i < report.findings.size(); ++i) {
    const Finding& finding = report.findings[i];
    std::vector<Place> places;
    if (i < report.places.size()) places = report.places[i];
    const std::string& repro = report.repro.empty() ? report.file : report.repro;
    if (places.empty() && !repro.empty()) places.push_back({.file = repro, .line = 1, .name = ""});
    Json result = result_of(rules, finding_kind_name(finding.kind), finding_help(finding.kind),
                            finding.signature + "\n" + finding.message, places, finding.signature);
    result["properties"] = {{"step", finding.step}, {"oracle", finding.oracle}};
    if (!report.repro.empty()) result["properties"]["repro"] = report.repro;
    if (i == 0 && report.schedule) result["properties"]["schedule"] = report.schedule->one_line();
    results.push_back(std::move(result));
  }
  const auto is_signal = [](const auto& fact) { return fact.first == "signal"; };
  const auto signal = std::find_if(report.facts.begin(), report.facts.end(), is_signal);
  return document(rules, std::move(results), report.not_written.empty(),
                  signal == report.facts.end() ? "" : signal->second,
                  report.clean() ? report.headline : "");
}

std::string sarif_text(const CheckReport& report) {
  Rules rules;
  Json results = Json::array();
  for (const CheckedCase& checked : report.cases) {
    if (checked.passed) continue;
    const std::string id = checked.is_error ? "cannot-be-judged" : "another-verdict";
    const std::string_view help = checked.is_error
                                      ? "A repro could not be judged"
                                      : "A repro gives another verdict than the one it states";
    std::string message = checked.title + ": " + checked.message;
    for (const std::string& line : checked.next) message += "\n" + line;
    std::vector<Place> places;
    if (!checked.file.empty())
      places.push_back({.file = checked.file, .line = checked.line, .name = ""});
    results.push_back(result_of(rules, id, help, message, places, id + " " + checked.file));
  }
  return document(rules, std::move(results), report.errors() == 0, report.signal);
}

std::string_view finding_help(FindingKind kind) {
  switch (kind) {
    case FindingKind::kLostValue:
      return "A value that was sent was destroyed, or never arrived, for no reason that may be";
    case FindingKind::kDuplicatedValue:
      return "A value was received twice";
    case FindingKind::kWrongValue:
      return "A receive gave something else than what was handed to it";
    case FindingKind::kNullTempval:
      return "A tasklet holds no value at all where it has to hold one: the real interpreter "
             "crashes";
    case FindingKind::kDanglingFrame:
      return "A frame was used after its last reference was gone";
    case FindingKind::kDanglingTasklet:
      return "A tasklet was used after its last reference was gone";
    case FindingKind::kDanglingStack:
      return "A pointer into a stack was used that had been sliced away";
    case FindingKind::kRefcount:
      return "A reference count is not what the references say";
    case FindingKind::kLeak:
      return "Something is kept in memory that nobody refers to any more";
    case FindingKind::kStructure:
      return "A rule of the runtime's own structure is broken";
    case FindingKind::kDeadlock:
      return "Somebody waits, and nobody is left who could end that";
    case FindingKind::kLivelock:
      return "It runs on and on without coming to an end";
    case FindingKind::kDiverged:
      return "The same answers did not give the same, or not what the specification says";
    case FindingKind::kAssertion:
      return "The program itself says that something is wrong: an assertion, an abort, an exit "
             "code";
    case FindingKind::kRace:
      return "Two accesses, one of them a write, are ordered by nothing";
    case FindingKind::kCrash:
      return "The process died: a signal, an exit, a report of a sanitizer";
    case FindingKind::kHang:
      return "No step was taken for a long time of the wall clock";
    case FindingKind::kDanglingObject:
      return "An object was used after its last reference was gone";
    case FindingKind::kUncaught:
      return "An exception that nobody caught ended main, a thread or a tasklet";
  }
  return "";
}

}  // namespace reweave::repro
