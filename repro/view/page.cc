#include "repro/view/page.h"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>

#include "repro/report/printable.h"

namespace reweave::repro {
namespace {

using Json = nlohmann::ordered_json;

/// Each text once.
class Texts {
 public:
  Texts() { (void)number_of(""); }
  std::size_t number_of(const std::string& text) {
    const auto [at, added] = numbers_.try_emplace(text, texts_.size());
    if (added) texts_.push_back(printable(text));
    return at->second;
  }
  Json json() const { return texts_; }

 private:
  std::map<std::string, std::size_t> numbers_;
  std::vector<std::string> texts_;
};

Json json_of(const Finding& finding) {
  return {{"kind", finding_kind_name(finding.kind)},
          {"signature", printable(finding.signature)},
          {"message", printable_lines(finding.message)},
          {"step", finding.step}};
}

/// The phrase with "{value}" for its value, so that many deeds share one text.
std::string phrase_of(const Deed& deed) {
  std::string phrase = deed.phrase;
  const std::string& value = deed.value;
  if (value.empty()) return phrase;
  const std::size_t at = phrase.find(value);
  if (at != std::string::npos) phrase.replace(at, value.size(), "{value}");
  return phrase;
}

Json json_of(const PageRun& run) {
  const Recording& recording = run.recording;
  Texts texts;
  std::map<ActorId, std::string> names = names_of(recording.deeds);
  for (const Recording::Step& step : recording.steps) {
    const bool tells = !step.site.empty() && !step.site.starts_with("std::");
    if (tells) names.try_emplace(step.actor, function_of(step.site));
  }
  Json json = {{"label", run.label}, {"same_before", run.same_before}};
  json["finding"] = run.finding ? json_of(*run.finding) : Json(nullptr);
  Json actors = Json::array();
  for (std::size_t i = 0; i < recording.paths.size(); ++i) {
    const auto name = names.find(ActorId{static_cast<std::uint32_t>(i)});
    actors.push_back({recording.paths[i], name == names.end() ? "" : printable(name->second)});
  }
  json["actors"] = std::move(actors);
  Json actor = Json::array(), site = Json::array(), depth = Json::array();
  for (const Recording::Step& step : recording.steps) {
    actor.push_back(static_cast<std::uint32_t>(step.actor));
    site.push_back(texts.number_of(step.site));
    depth.push_back(step.depth);
  }
  json["step_actor"] = std::move(actor);
  json["step_site"] = std::move(site);
  json["step_depth"] = std::move(depth);
  // Flat, for there may be many. Of each: step, actor, kind, phrase, site, object, value, other.
  Json deeds = Json::array();
  for (const Deed& deed : recording.deeds) {
    const std::size_t numbers[] = {deed.step,
                                   static_cast<std::size_t>(deed.actor),
                                   static_cast<std::size_t>(deed.kind),
                                   texts.number_of(phrase_of(deed)),
                                   texts.number_of(deed.site),
                                   texts.number_of(deed.object),
                                   texts.number_of(deed.value),
                                   texts.number_of(deed.other)};
    for (const std::size_t number : numbers) deeds.push_back(number);
  }
  json["deeds"] = std::move(deeds);
  Json changes = Json::array();
  for (const Change& change : recording.changes) {
    changes.push_back(change.step);
    changes.push_back(texts.number_of(change.what));
    changes.push_back(texts.number_of(change.content));
  }
  json["changes"] = std::move(changes);
  json["texts"] = texts.json();
  return json;
}

/// `text` with what stands for each name put in its place. What is put in is not looked at again.
std::string filled(std::string_view text, const std::map<std::string_view, std::string_view>& in) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    bool found = false;
    for (const auto& [name, content] : in) {
      if (text.substr(at, name.size()) != name) continue;
      out += content;
      at += name.size();
      found = true;
      break;
    }
    if (!found) out += text[at++];
  }
  return out;
}

std::string escape_html(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    if (c == '&' || c == '<' || c == '>' || c == '"')
      out += fmt::format("&#{};", static_cast<int>(c));
    else
      out += c;
  }
  return out;
}

}  // namespace

std::string view_data(const Explanation& told, const std::vector<PageRun>& runs) {
  Json json = {{"schema", 1}, {"file", printable(told.file)}, {"subject", told.kind}};
  json["story"] = told.story;
  json["changes"] = told.changes;
  json["then"] = told.then;
  json["without"] = told.without;
  json["turning"] = Json::array();
  for (const Flip& flip : told.turning.flips)
    json["turning"].push_back({flip.question.step, flip.question.given.actor});
  json["kinds"] = Json::array();
  for (int kind = 0; kind < kDeedKindCount; ++kind)
    json["kinds"].push_back(deed_kind_name(static_cast<DeedKind>(kind)));
  json["runs"] = Json::array();
  for (const PageRun& run : runs) json["runs"].push_back(json_of(run));
  return json.dump(-1, ' ', true, Json::error_handler_t::replace);
}

std::string view_page(const Explanation& told, const std::vector<PageRun>& runs) {
  const PageFiles files = page_files();
  // Within an element of HTML nothing may look like its end.
  std::string data;
  for (const char c : view_data(told, runs))
    data += c == '<' ? std::string("\\u003c") : std::string(1, c);
  const std::string title = told.findings.empty() ? "clean" : told.findings.front().signature;
  const std::string escaped = escape_html(title);
  return filled(
      files.html,
      {{"{{TITLE}}", escaped}, {"{{CSS}}", files.css}, {"{{JS}}", files.js}, {"{{DATA}}", data}});
}

}  // namespace reweave::repro
