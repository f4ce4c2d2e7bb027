#include "repro/report/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "repro/report/escapes.h"
#include "repro/report/printable.h"
#include "repro/report/sarif.h"
#include "repro/run/process.h"

namespace reweave::repro {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const Finding& finding) {
  return {{"kind", finding_kind_name(finding.kind)},
          {"signature", finding.signature},
          {"step", finding.step},
          {"message", finding.message},
          {"oracle", finding.oracle}};
}

Json json_of(const std::vector<Place>& places) {
  Json json = Json::array();
  for (const Place& place : places)
    json.push_back({{"file", place.file}, {"line", place.line}, {"name", place.name}});
  return json;
}

std::string hex(std::uint64_t number) { return fmt::format("{:016x}", number); }

Json json_of(const std::optional<std::uint64_t>& hash) {
  return hash ? Json(hex(*hash)) : Json(nullptr);
}

/// One line, whatever bytes the texts hold.
std::string dump(const Json& json) {
  return json.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n";
}

std::string indented(std::string_view text, std::string_view indent) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    out += fmt::format("{}{}\n", indent, text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string render_json(const Report& report) {
  Json json = {{"schema", Report::kSchema}, {"command", report.command}, {"file", report.file}};
  if (!report.subject.empty()) json["subject"] = report.subject;
  const std::string clean = report.verdict.empty() ? "clean" : report.verdict;
  json["verdict"] = report.clean() ? clean : "finding";
  json["finding"] = report.clean() ? Json(nullptr) : json_of(report.findings.front());
  json["findings"] = Json::array();
  for (std::size_t i = 0; i < report.findings.size(); ++i) {
    Json finding = json_of(report.findings[i]);
    if (i < report.places.size()) finding["places"] = json_of(report.places[i]);
    json["findings"].push_back(std::move(finding));
  }
  json["executions"] = report.executions;
  if (report.distinct) {
    json["distinct"] = report.distinct->executions;
    json["distinct_is_exact"] = report.distinct->is_exact;
  }
  json["seconds"] = report.seconds;
  json["steps"] = report.steps;
  json["trace_hash"] = json_of(report.trace_hash);
  json["schedule"] = report.schedule ? Json(report.schedule->one_line()) : Json(nullptr);
  json["repro"] = report.repro.empty() ? Json(nullptr) : Json(report.repro);
  if (!report.notes.empty()) json["notes"] = report.notes;
  if (!report.not_written.empty()) {
    json["error"] = report.not_written;
    json["repro_text"] = report.repro_text;
  }
  if (!report.log.empty()) json["log"] = report.log;
  if (report.lingering) {
    json["lingering"] = Json::array();
    for (const Lingered& lingered : *report.lingering) {
      json["lingering"].push_back({{"step", lingered.step},
                                   {"at_end", lingered.at_end},
                                   {"cycles", lingered.cycles},
                                   {"kept", lingered.kept}});
    }
  }
  for (const auto& [name, value] : report.facts) json[name] = value;
  return dump(json);
}

std::string schedule_words(const Schedule& schedule) {
  if (schedule.empty())
    return "  schedule   ordinary: no interleaving is needed; every question had its ordinary "
           "answer\n";
  constexpr std::size_t kShown = 20;
  Schedule shown = schedule;
  if (shown.answers.size() > kShown) shown.answers.resize(kShown);
  std::string text =
      fmt::format("  schedule   {} not ordinary\n", plural(schedule.answers.size(), "answer"));
  text += printable_lines(shown.text("    "));
  if (schedule.answers.size() > kShown) {
    text += fmt::format("    and {} more\n", schedule.answers.size() - kShown);
  }
  return text;
}

/// "2,444 distinct of "; "about …" if it was estimated; "" if nobody counted.
std::string distinct_words(const Report& report) {
  if (!report.distinct) return "";
  return fmt::format("{}{} distinct of ", report.distinct->is_exact ? "" : "about ",
                     with_commas(report.distinct->executions));
}

std::string render_text(const Report& report, const Terminal& terminal) {
  std::string text;
  for (const std::string& event : report.log) text += printable(event) + "\n";
  if (!report.log.empty()) text += "\n";
  if (report.lingering) text += lingering_text(*report.lingering) + "\n";
  if (!report.headline.empty()) text += printable_lines(report.headline) + "\n";
  if (report.clean()) {
    if (report.headline.empty()) text += "clean: nothing was found\n";
  } else {
    const Finding& first = report.findings.front();
    text += fmt::format("{}: {}\n", terminal.red(finding_kind_name(first.kind)),
                        terminal.bold(printable(first.signature)));
    text += indented(printable_lines(first.message), "  ");
    for (std::size_t index = 1; index < report.findings.size() && index < 10; ++index) {
      const Finding& later = report.findings[index];
      text += fmt::format("  then, at step {}: {}: {}\n", later.step, finding_kind_name(later.kind),
                          printable(later.signature));
    }
    text += fmt::format("  step       {}{}\n", first.step,
                        report.steps == 0 ? "" : fmt::format(" of {}", with_commas(report.steps)));
    if (!first.oracle.empty()) text += fmt::format("  seen by    {}\n", first.oracle);
    if (report.schedule) text += schedule_words(*report.schedule);
  }
  text += fmt::format("  run        {}{}, {:.2f} s\n", distinct_words(report),
                      plural(report.executions, "execution"), report.seconds);
  if (report.trace_hash) text += fmt::format("  trace hash {}\n", hex(*report.trace_hash));
  for (const std::string& note : report.notes)
    text += fmt::format("  note       {}\n", printable(note));
  std::string facts;
  for (const auto& [name, value] : report.facts) {
    facts += fmt::format("{}{} {}", facts.empty() ? "" : ", ", name, printable(value));
  }
  if (!facts.empty()) text += fmt::format("  with       {}\n", facts);
  if (!report.not_written.empty()) {
    text += fmt::format("{}\nthe repro, to be kept by hand, is what follows:\n\n{}",
                        printable(report.not_written), report.repro_text);
  }
  if (report.clean() || report.repro.empty()) return text;
  const FindingCommands commands =
      finding_commands(report.program, report.repro, report.findings.front().step);
  text += fmt::format("  repro      {}\n\n", printable(report.repro));
  text += fmt::format("{}\n  {}\n", terminal.bold("to reproduce it"), commands.reproduce);
  if (report.can_shrink)
    text += fmt::format("{}\n  {}\n", terminal.bold("to make it smaller"), commands.shrink);
  text += fmt::format("{}\n  {}\n", terminal.bold("to see why"), commands.explain);
  text += fmt::format("{}\n  {}\n", terminal.bold("to stop in a debugger at that step"),
                      commands.debug);
  text += fmt::format("{}\n  {}\n", terminal.bold("to keep it as a regression test (CMake)"),
                      commands.regression_test);
  text += fmt::format("{}\n  {}\n", terminal.bold("once it is mended, and the test says so"),
                      commands.mended);
  return text;
}

/// "3 passed, 1 failed", and what else there is.
std::string counts(const CheckReport& report) {
  std::string text = fmt::format("{} passed, {} failed", report.passed(), report.failed());
  if (report.errors() > 0) text += ", " + plural(report.errors(), "error");
  return text;
}

/// "58 skipped: WHY: a.weave, b.weave and 56 more"
std::string skipped_text(const CheckReport& report) {
  constexpr std::size_t kShown = 4;
  std::string text;
  for (const CheckReport::Skipped& skipped : report.skipped) {
    std::string names;
    for (std::size_t i = 0; i < skipped.files.size() && i < kShown; ++i)
      names += (i == 0 ? "" : ", ") + printable(skipped.files[i]);
    if (skipped.files.size() > kShown)
      names += fmt::format(" and {} more", skipped.files.size() - kShown);
    text += fmt::format("{} skipped: {}: {}\n", skipped.files.size(), skipped.why, names);
  }
  return text;
}

std::string interrupted_text(const CheckReport& report) {
  if (report.interrupted_by.empty()) return "";
  return fmt::format("interrupted by {}: {} not looked at\n", report.interrupted_by,
                     report.left == 1 ? "1 file was" : fmt::format("{} files were", report.left));
}

/// What disturbed a process, and did not matter.
std::string notes_text(const CheckReport& report) {
  std::string text;
  for (const CheckedCase& checked : report.cases) {
    if (checked.note.empty()) continue;
    text += fmt::format("note: {}: {}\n", printable(checked.file), printable(checked.note));
  }
  return text;
}

/// Why it did not pass, and below it what to do.
std::string with_next_steps(const CheckedCase& checked) {
  std::string text = checked.message;
  for (const std::string& line : checked.next) text += "\n" + line;
  return text;
}

std::string render_text(const CheckReport& report, const Terminal& terminal) {
  std::string text;
  for (const CheckedCase& checked : report.cases) {
    if (checked.passed && checked.message.empty()) continue;
    const std::string word = checked.passed ? terminal.bold("UPDATED")
                                            : terminal.red(checked.is_error ? "ERROR" : "FAILED");
    text += fmt::format("{} {}\n", word, printable(checked.file));
    text += indented(printable_lines(with_next_steps(checked)), "  ");
  }
  return text + notes_text(report) + skipped_text(report) +
         fmt::format("{}, {:.2f} s\n", counts(report), report.seconds) + interrupted_text(report);
}

const char* verdict_word(const CheckReport& report) {
  if (report.errors() > 0) return "error";
  if (report.failed() > 0) return "finding";
  return report.interrupted_by.empty() ? "clean" : "interrupted";
}

std::string render_json(const CheckReport& report) {
  Json json = {{"schema", Report::kSchema}, {"command", "check"}};
  json["verdict"] = verdict_word(report);
  json["finding"] = nullptr;
  json["executions"] = report.cases.size() - report.errors();
  json["seconds"] = report.seconds;
  json["trace_hash"] = nullptr;
  json["schedule"] = nullptr;
  json["passed"] = report.passed();
  json["failed"] = report.failed();
  json["errors"] = report.errors();
  json["skipped"] = report.skipped_files();
  json["why_skipped"] = Json::array();
  for (const CheckReport::Skipped& skipped : report.skipped)
    json["why_skipped"].push_back({{"why", skipped.why}, {"files", skipped.files}});
  if (!report.interrupted_by.empty()) {
    json["signal"] = report.signal;
    json["left"] = report.left;
  }
  json["cases"] = Json::array();
  for (const CheckedCase& checked : report.cases) {
    json["cases"].push_back(
        {{"file", checked.file},
         {"passed", checked.passed},
         {"error", checked.is_error},
         {"line", checked.line},
         {"title", checked.title},
         {"message", checked.message},
         {"next", checked.next},
         {"finding", checked.finding ? json_of(*checked.finding) : Json(nullptr)},
         {"trace_hash", json_of(checked.trace_hash)},
         {"seconds", checked.seconds}});
    if (!checked.note.empty()) json["cases"].back()["note"] = checked.note;
  }
  return dump(json);
}

std::string render_junit(const CheckReport& report) {
  std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  text += fmt::format(
      "<testsuite name=\"reweave check\" tests=\"{}\" failures=\"{}\" errors=\"{}\" "
      "skipped=\"{}\" time=\"{:.3f}\">\n",
      report.cases.size() + report.skipped_files(), report.failed(), report.errors(),
      report.skipped_files(), report.seconds);
  constexpr std::string_view kCase =
      "  <testcase classname=\"reweave\" name=\"{0}\" file=\"{0}\" time=\"{1:.3f}\"";
  for (const CheckedCase& checked : report.cases) {
    text += fmt::format(fmt::runtime(kCase), escape_xml(checked.file), checked.seconds);
    const std::string said = checked.message.empty() ? checked.note : checked.message;
    if (checked.passed && !said.empty()) {
      text += fmt::format(">\n    <system-out>{}</system-out>\n  </testcase>\n", escape_xml(said));
    } else if (checked.passed) {
      text += "/>\n";
    } else {
      text += fmt::format(">\n    <{0} message=\"{1}\">{2}</{0}>\n  </testcase>\n",
                          checked.is_error ? "error" : "failure", escape_xml(checked.message),
                          escape_xml(with_next_steps(checked)));
    }
  }
  for (const CheckReport::Skipped& skipped : report.skipped) {
    for (const std::string& file : skipped.files) {
      text += fmt::format(fmt::runtime(kCase), escape_xml(file), 0.0);
      text +=
          fmt::format(">\n    <skipped message=\"{}\"/>\n  </testcase>\n", escape_xml(skipped.why));
    }
  }
  if (!report.interrupted_by.empty())
    text += fmt::format("  <system-err>{}</system-err>\n", escape_xml(interrupted_text(report)));
  return text + "</testsuite>\n";
}

std::string render_github(const CheckReport& report) {
  std::string text;
  for (const CheckedCase& checked : report.cases) {
    if (checked.passed && checked.message.empty()) continue;
    const std::string place =
        checked.file.empty() ? ""
                             : fmt::format("file={},line={},", escape_github_property(checked.file),
                                           std::max(checked.line, 1));
    text += fmt::format("::{} {}title={}::{}\n", checked.passed ? "notice" : "error", place,
                        escape_github_property("reweave: " + checked.title),
                        escape_github_message(with_next_steps(checked)));
  }
  return text + notes_text(report) + skipped_text(report) + counts(report) + "\n" +
         interrupted_text(report);
}

std::string render_github(const Report& report) {
  std::string text;
  for (std::size_t i = 0; i < report.findings.size(); ++i) {
    const Finding& finding = report.findings[i];
    Place place{.file = report.repro.empty() ? report.file : report.repro, .line = 1, .name = ""};
    if (i < report.places.size() && !report.places[i].empty()) place = report.places[i].front();
    text += fmt::format("::error file={},line={},title={}::{}\n",
                        escape_github_property(place.file), std::max(place.line, 1),
                        escape_github_property("reweave: " + finding.signature),
                        escape_github_message(finding.message));
  }
  return text + render_text(report, {});
}

/// A name that needs no quotes anywhere.
std::string test_name(std::string name) {
  for (char& c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.';
    if (!plain) c = '_';
  }
  return name;
}

}  // namespace

std::optional<Format> find_format(std::string_view word) {
  if (word == "text") return Format::kText;
  if (word == "json") return Format::kJson;
  if (word == "junit") return Format::kJunit;
  if (word == "github") return Format::kGithub;
  if (word == "markdown") return Format::kMarkdown;
  if (word == "sarif") return Format::kSarif;
  return std::nullopt;
}

std::size_t CheckReport::passed() const {
  return static_cast<std::size_t>(std::count_if(
      cases.begin(), cases.end(), [](const CheckedCase& checked) { return checked.passed; }));
}

std::size_t CheckReport::failed() const { return cases.size() - passed() - errors(); }

std::size_t CheckReport::errors() const {
  return static_cast<std::size_t>(std::count_if(
      cases.begin(), cases.end(), [](const CheckedCase& checked) { return checked.is_error; }));
}

std::size_t CheckReport::skipped_files() const {
  std::size_t count = 0;
  for (const Skipped& one : skipped) count += one.files.size();
  return count;
}

void CheckReport::skip(std::string_view why, const std::string& file) {
  for (Skipped& one : skipped) {
    if (one.why != why) continue;
    one.files.push_back(file);
    return;
  }
  skipped.push_back({.why = std::string(why), .files = {file}});
}

FindingCommands finding_commands(std::string_view program, std::string_view repro,
                                 std::uint64_t step) {
  const std::string tool = shell_word(program);
  const std::string file = shell_file(repro);
  const std::filesystem::path path(repro);
  FindingCommands commands;
  commands.reproduce = fmt::format("{} replay {}", tool, file);
  commands.explain = fmt::format("{} explain {}", tool, file);
  // Two files, so that what was found stays.
  const std::string_view small = path.filename() == "small.weave" ? "smaller" : "small";
  commands.shrink = fmt::format("{} shrink {} -o {}.weave", tool, file, small);
  commands.debug = fmt::format("gdb -ex run --args {} replay {} --break-at-step {}", tool, file,
                               std::max<std::uint64_t>(step, 1));
  commands.regression_test = fmt::format(
      "add_test(NAME repro.{} COMMAND reweave check {})", test_name(path.stem().string()),
      cmake_word(repro.starts_with('-') ? "./" + std::string(repro) : std::string(repro)));
  commands.mended = fmt::format("{} check {} --update", tool, file);
  return commands;
}

std::string render(const Report& report, Format format, const Terminal& terminal) {
  switch (format) {
    case Format::kJson:
      return render_json(report);
    case Format::kGithub:
      return render_github(report);
    case Format::kMarkdown:
      return github_summary(report);
    case Format::kSarif:
      return sarif_text(report);
    case Format::kText:
    case Format::kJunit:
      break;
  }
  return render_text(report, terminal);
}

std::string render(const CheckReport& report, Format format, const Terminal& terminal) {
  switch (format) {
    case Format::kText:
      return render_text(report, terminal);
    case Format::kJson:
      return render_json(report);
    case Format::kJunit:
      return render_junit(report);
    case Format::kGithub:
      return render_github(report);
    case Format::kMarkdown:
      return github_summary(report);
    case Format::kSarif:
      return sarif_text(report);
  }
  return "";
}

namespace {

/// Within a piece of code of Markdown: without what would end it, or begin a cell of a table.
std::string plain(std::string_view text) {
  std::string out = printable(text);
  for (char& c : out) {
    if (c == '`' || c == '|') c = ' ';
  }
  return out;
}

/// Within a block of code: lines stay lines, and none ends the block.
std::string fence_free(std::string_view text) {
  std::string out = printable_lines(text);
  std::replace(out.begin(), out.end(), '`', ' ');
  return out;
}

}  // namespace

std::string github_summary(const Report& report) {
  if (report.clean()) {
    const std::string headline = report.headline.empty() ? "clean" : report.headline;
    const std::size_t end = std::min(headline.find('\n'), headline.size());
    std::string text =
        fmt::format("### reweave {}: {}\n\n", report.command, plain(headline.substr(0, end)));
    if (end < headline.size())
      text += fmt::format("```\n{}\n```\n\n", fence_free(headline.substr(end + 1)));
    return text;
  }
  std::string text = fmt::format("### reweave {}: {}\n\n", report.command,
                                 plain(report.findings.front().signature));
  for (std::size_t i = 0; i < report.findings.size() && i < 10; ++i) {
    const Finding& finding = report.findings[i];
    text += fmt::format("```\n{}\n```\n", fence_free(finding.message));
    if (i < report.places.size() && !report.places[i].empty()) {
      const Place& place = report.places[i].front();
      text += fmt::format("\n`{}:{}`, step {}\n\n", plain(place.file), place.line, finding.step);
    }
  }
  if (report.schedule && report.schedule->empty())
    text += "No interleaving is needed: the ordinary schedule shows it.\n\n";
  if (report.repro.empty()) return text;
  const FindingCommands commands =
      finding_commands(report.program, report.repro, report.findings.front().step);
  return text + fmt::format("To reproduce it: `{}`; to understand it: `{} explain {}`\n",
                            plain(commands.reproduce), plain(shell_word(report.program)),
                            plain(shell_file(report.repro)));
}

std::string github_summary(const CheckReport& report) {
  std::string text = fmt::format("### reweave check: {}\n\n", counts(report));
  for (const CheckedCase& checked : report.cases) {
    if (checked.passed && checked.message.empty()) continue;
    std::string message = (checked.passed ? "updated: " : "") + checked.message;
    std::replace(message.begin(), message.end(), '\n', ' ');
    text += fmt::format("* `{}`: `{}`\n", plain(checked.file), plain(message));
    for (const std::string& line : checked.next) text += fmt::format("  * `{}`\n", plain(line));
  }
  for (const CheckedCase& checked : report.cases) {
    if (checked.note.empty()) continue;
    text += fmt::format("* `{}`: note: `{}`\n", plain(checked.file), plain(checked.note));
  }
  if (!report.interrupted_by.empty()) text += "\n" + interrupted_text(report);
  return text;
}

std::optional<std::string> read_error(std::string_view text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || json.value("verdict", Json()) != "error") return std::nullopt;
  const Json why = json.value("error", Json());
  return why.is_string() ? std::optional(why.get<std::string>()) : std::nullopt;
}

std::optional<CheckedCase> read_checked_case(std::string_view text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  const auto cases = json.is_object() ? json.find("cases") : json.end();
  if (cases == json.end() || !cases->is_array() || cases->size() != 1) return std::nullopt;
  const Json& one = cases->front();
  CheckedCase checked;
  try {
    checked.file = one.at("file").get<std::string>();
    checked.passed = one.at("passed").get<bool>();
    checked.is_error = one.at("error").get<bool>();
    checked.title = one.at("title").get<std::string>();
    checked.message = one.at("message").get<std::string>();
    checked.note = one.value("note", "");
    if (const Json& hash = one.at("trace_hash"); hash.is_string())
      checked.trace_hash = std::stoull(hash.get<std::string>(), nullptr, 16);
    if (const Json& finding = one.at("finding"); finding.is_object()) {
      const auto kind = find_finding_kind(finding.at("kind").get<std::string>());
      if (!kind) return std::nullopt;
      checked.finding = Finding{.kind = *kind,
                                .step = finding.at("step").get<std::uint64_t>(),
                                .signature = finding.at("signature").get<std::string>(),
                                .message = finding.at("message").get<std::string>(),
                                .oracle = finding.at("oracle").get<std::string>()};
    }
  } catch (const std::exception&) {
    return std::nullopt;
  }
  return checked;
}

}  // namespace reweave::repro
