#include "repro/explain/render_explanation.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "repro/file/workdir.h"
#include "repro/report/printable.h"
#include "repro/run/process.h"

namespace reweave::repro {
namespace {

constexpr std::size_t kColumns = 100;
constexpr std::size_t kLaneColumnsMin = 21, kLaneColumnsMax = 44;

/// How many columns UTF-8 takes, as long as nothing in it is wide.
std::size_t columns_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

/// Broken at blanks into lines of at most `columns`; a word that is longer is broken anywhere.
std::vector<std::string> wrapped(std::string_view text, std::size_t columns) {
  std::vector<std::string> lines;
  std::string line;
  const auto flush = [&] {
    if (!line.empty()) lines.push_back(std::move(line));
    line.clear();
  };
  while (!text.empty()) {
    const std::size_t blank = std::min(text.find(' '), text.size());
    std::string word(text.substr(0, blank));
    text.remove_prefix(std::min(blank + 1, text.size()));
    if (word.empty()) continue;
    if (!line.empty() && columns_of(line) + 1 + columns_of(word) > columns) flush();
    while (columns_of(word) > columns) {
      std::size_t bytes = 0;
      for (std::size_t used = 0; used < columns; ++used) do
          ++bytes;
        while ((static_cast<unsigned char>(word[bytes]) & 0xc0) == 0x80);
      flush();
      lines.push_back(word.substr(0, bytes));
      word.erase(0, bytes);
    }
    line += (line.empty() ? "" : " ") + word;
  }
  flush();
  return lines;
}

std::string title_of(const Lane& lane) {
  return lane.name.empty() ? lane.path : fmt::format("{} {}", lane.path, lane.name);
}

std::string cell_of(const Explanation& told, const Row& row) {
  const Deed& deed = told.deeds[row.deed];
  std::string cell = deed.phrase;
  if (deed.kind == DeedKind::kDecision) cell = "(decision) " + cell;
  if (!deed.site.empty()) cell += "  [" + deed.site + "]";
  return printable(cell);
}

std::string mark_of(const Row& row) {
  switch (row.mark) {
    case Row::Mark::kFinding:
      return "!";
    case Row::Mark::kTurning:
      return ">";
    case Row::Mark::kNone:
    case Row::Mark::kGap:
      break;
  }
  return " ";
}

void add_line(std::string& text, std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  text += line + "\n";
}

std::string gap_words(const Row& row) {
  return row.deed == 1 ? "… 1 event more" : fmt::format("… {} events more", row.deed);
}

/// Without its kind, which stands before it.
std::string shown_signature(const Finding& finding) {
  const std::string kind = std::string(finding_kind_name(finding.kind)) + " ";
  return finding.signature.starts_with(kind) ? finding.signature.substr(kind.size())
                                             : finding.signature;
}

/// The titles of the lanes, each in as many lines as it needs; 0 columns: none.
std::string head_text(const Explanation& told, std::size_t column, const Terminal& terminal) {
  std::vector<std::vector<std::string>> titles;
  std::size_t lines = 1;
  for (const Lane& lane : told.lanes) {
    if (column == 0) break;
    titles.push_back(wrapped(printable(title_of(lane)), column - 2));
    lines = std::max(lines, titles.back().size());
  }
  std::string text;
  for (std::size_t line = 0; line < lines; ++line) {
    std::string head = line == 0 ? "  step  " : "        ";
    for (const std::vector<std::string>& title : titles) {
      const std::string part = line < title.size() ? title[line] : "";
      head += part + std::string(column - std::min(column, columns_of(part)), ' ');
    }
    head.erase(head.find_last_not_of(' ') + 1);
    text += terminal.bold(head) + "\n";
  }
  return text;
}

/// Side by side, where the lanes fit.
std::string table_text(const Explanation& told, const Terminal& terminal) {
  if (told.rows.empty()) return "";
  const std::size_t lanes = std::max<std::size_t>(told.lanes.size(), 1);
  const std::size_t width = std::min((kColumns - 8) / lanes, kLaneColumnsMax);
  const bool one_column = width < kLaneColumnsMin;
  const std::size_t column = one_column ? kColumns - 8 : width;
  std::string text = head_text(told, one_column ? 0 : column, terminal);
  for (const Row& row : told.rows) {
    if (row.mark == Row::Mark::kGap) {
      add_line(text, "        " + gap_words(row));
      continue;
    }
    std::string cell = cell_of(told, row);
    if (one_column) cell = told.lanes[row.lane].path + ": " + cell;
    bool first = true;
    for (const std::string& part : wrapped(cell, column - 2)) {
      std::string line = first ? fmt::format("{} {:>4}  ", mark_of(row), row.step) : "        ";
      if (!one_column) line += std::string(row.lane * column, ' ');
      line += part;
      add_line(text, row.mark == Row::Mark::kFinding ? terminal.red(line) : line);
      first = false;
    }
  }
  return text;
}

/// The blanks that it begins with stand before each of its lines.
std::string paragraph(std::string_view sentence, std::string_view indent) {
  constexpr std::size_t kDeepest = 40;
  const std::size_t deep = std::min(sentence.find_first_not_of(' '), sentence.size());
  const std::string before = std::string(indent) + std::string(std::min(deep, kDeepest), ' ');
  std::string text;
  for (const std::string& line : wrapped(printable(sentence), kColumns - before.size()))
    text += before + line + "\n";
  return text;
}

/// What is said where no answer helps.
std::string no_turn(const Explanation& told) {
  const TurningPoint& turning = told.turning;
  if (turning.singles == 0) return "No question was asked before it: it happens every time.";
  if (!turning.all_singles) {
    return fmt::format("Not known: none of the {} tried helps; there are {}.",
                       plural(turning.executions, "other answer"), turning.singles);
  }
  std::string text = fmt::format(
      "None of the {} other answers to questions before it helps, each alone", turning.singles);
  if (turning.singles == 1) text = "The only other answer to a question before it does not help";
  if (turning.all_pairs) return text + (turning.singles > 1 ? ", nor any two together." : ".");
  return text + fmt::format("; pairs of them were tried up to {}.",
                            plural(turning.executions, "execution"));
}

std::string without_words(const Explanation& told) {
  std::string text;
  for (const std::string& word : told.without)
    text += (text.empty() ? "" : &word == &told.without.back() ? " or " : ", ") + word;
  return text;
}

std::string turning_title(const Explanation& told) {
  return told.turning.flips.size() > 1 ? "Two answers that make it pass together"
                                       : "One answer that makes it pass";
}

nlohmann::ordered_json json_of(const Deed& deed, const std::string& path) {
  return {{"step", deed.step},    {"actor", path},      {"text", deed.text},
          {"words", deed.phrase}, {"site", deed.site},  {"object", deed.object},
          {"value", deed.value},  {"other", deed.other}};
}

}  // namespace

std::string explanation_text(const Explanation& told, const Terminal& terminal,
                             std::string_view program) {
  if (told.findings.empty()) return "clean: nothing was found, so there is nothing to explain\n";
  const Finding& finding = told.findings.front();
  std::string text =
      fmt::format("{}: {}, in step {} of {}\n\n", terminal.red(finding_kind_name(finding.kind)),
                  terminal.bold(printable(shown_signature(finding))), finding.step, told.steps);
  text += table_text(told, terminal);
  text += "\n" + terminal.bold("What happened") + "\n";
  for (const std::string& sentence : told.story) text += paragraph(sentence, "  ");
  if (!told.circle.empty()) {
    text += paragraph(fmt::format("The circle: {}.", fmt::join(told.circle, " -> ")), "  ");
  }
  text +=
      terminal.bold(told.turning.found() ? turning_title(told) : "What would make it pass") + "\n";
  if (told.turning.found()) {
    for (const std::string& change : told.changes) text += paragraph(change, "  ");
    for (const std::string& then : told.then) text += paragraph(then, "  ");
  } else {
    text += paragraph(no_turn(told), "  ");
    if (!told.elsewhere.empty())
      text += paragraph("Another finding with one other answer: " + told.elsewhere, "  ");
  }
  if (!told.without.empty())
    text += paragraph(fmt::format("It passes, too, without {}.", without_words(told)), "  ");
  for (const std::string& note : told.notes) text += paragraph("note: " + note, "");
  if (!told.file.empty() && !is_standard_input(told.file)) {
    text += fmt::format(
        "\n{}\n", printable(fmt::format("{} view {}", shell_word(program), shell_file(told.file))));
  }
  return text;
}

// ---- Markdown ----

namespace {

/// In a cell of a table, and as plain text.
std::string markdown_plain(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    if (c == '|' || c == '<' || c == '*' || c == '_' || c == '`' || c == '[' || c == ']' ||
        c == '\\' || c == '#' || c == '&')
      out += fmt::format("&#{};", static_cast<int>(c));
    else
      out += c;
  }
  return out;
}

/// What mermaid takes for text.
std::string mermaid_plain(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    if (c == '#' || c == ';' || c == ':' || c == '<' || c == '>' || c == '"')
      out += fmt::format("#{};", static_cast<int>(c));
    else
      out += c;
  }
  return out;
}

std::string mermaid_id(const Lane& lane) {
  return fmt::format("A{}", static_cast<std::uint32_t>(lane.actor));
}

}  // namespace

std::string mermaid_text(const Explanation& told) {
  std::string text = "sequenceDiagram\n";
  for (const Lane& lane : told.lanes)
    text +=
        fmt::format("    participant {} as {}\n", mermaid_id(lane), mermaid_plain(title_of(lane)));
  const auto lane_of = [&](std::string_view path) {
    return std::find_if(told.lanes.begin(), told.lanes.end(),
                        [&](const Lane& lane) { return lane.path == path; });
  };
  std::vector<const Row*> gives;
  for (const Row& row : told.rows) {
    if (row.mark == Row::Mark::kGap) continue;
    const Deed& deed = told.deeds[row.deed];
    const std::string own = mermaid_id(told.lanes[row.lane]);
    const std::string words = mermaid_plain(fmt::format("{}. {}", row.step, deed.phrase));
    if (deed.kind == DeedKind::kGives) gives.push_back(&row);
    const auto giver = std::find_if(gives.begin(), gives.end(), [&](const Row* give) {
      return told.deeds[give->deed].value == deed.value && give->lane != row.lane;
    });
    if (deed.kind == DeedKind::kTakes && giver != gives.end()) {
      text += fmt::format("    {}->>{}: {}\n", mermaid_id(told.lanes[(*giver)->lane]), own, words);
    } else if (const auto other = lane_of(deed.other);
               (deed.kind == DeedKind::kWaits || deed.kind == DeedKind::kUnlocks ||
                deed.kind == DeedKind::kNotifies) &&
               other != told.lanes.end()) {
      text += fmt::format("    {}{}{}: {}\n", own, deed.kind == DeedKind::kWaits ? "--x" : "->>",
                          mermaid_id(*other), words);
    } else {
      text += fmt::format("    Note over {}: {}{}\n", own,
                          row.mark == Row::Mark::kFinding ? "!! " : "", words);
    }
  }
  return text;
}

std::string explanation_markdown(const Explanation& told, std::string_view program) {
  if (told.findings.empty())
    return "**clean**: nothing was found, so there is nothing to explain\n";
  const Finding& finding = told.findings.front();
  std::string text =
      fmt::format("### {}: {}\n\nIn step {} of {}", finding_kind_name(finding.kind),
                  markdown_plain(shown_signature(finding)), finding.step, told.steps);
  if (!told.file.empty()) text += fmt::format(" of `{}`", printable(told.file));
  text += ".\n\n";
  for (const std::string& sentence : told.story)
    text += (sentence.starts_with(" ") ? "* " : "") + markdown_plain(sentence) + "\n";
  if (!told.circle.empty()) {
    text += "\n" + markdown_plain(fmt::format("The circle: {}.", fmt::join(told.circle, " -> "))) +
            "\n";
  }
  if (!told.rows.empty()) text += "\n```mermaid\n" + mermaid_text(told) + "```\n";
  text += fmt::format("\n**{}**\n\n",
                      told.turning.found() ? turning_title(told) : "What would make it pass");
  if (told.turning.found()) {
    for (const std::string& change : told.changes) text += "* " + markdown_plain(change) + "\n";
    text += "\n";
    for (const std::string& then : told.then) text += markdown_plain(then) + "\n";
  } else {
    text += markdown_plain(no_turn(told)) + "\n";
    if (!told.elsewhere.empty())
      text += "Another finding with one other answer: " + markdown_plain(told.elsewhere) + "\n";
  }
  if (!told.without.empty())
    text += fmt::format("\nIt passes, too, without {}.\n", markdown_plain(without_words(told)));
  text +=
      "\n<details><summary>Step by step</summary>\n\n| step | who | what | where "
      "|\n|--:|---|---|---|\n";
  for (const Row& row : told.rows) {
    if (row.mark == Row::Mark::kGap) {
      text += fmt::format("| | | {} | |\n", gap_words(row));
      continue;
    }
    const Deed& deed = told.deeds[row.deed];
    const bool strong = row.mark == Row::Mark::kFinding;
    const std::string words = markdown_plain(deed.phrase);
    text += fmt::format("| {} | {} | {} | {} |\n", row.step,
                        markdown_plain(title_of(told.lanes[row.lane])),
                        strong ? "**" + words + "**" : words, markdown_plain(deed.site));
  }
  text += "\n</details>\n";
  if (!told.file.empty() && !is_standard_input(told.file)) {
    text += fmt::format("\n```\n{} replay {}\n```\n", shell_word(program), shell_file(told.file));
  }
  return text;
}

std::string explanation_json(const Explanation& told) {
  using Json = nlohmann::ordered_json;
  Json json = {{"schema", 1}, {"command", "explain"}, {"file", told.file}, {"subject", told.kind}};
  json["verdict"] = told.findings.empty() ? "clean" : "finding";
  json["finding"] = nullptr;
  json["steps"] = told.steps;
  json["schedule"] = told.schedule.one_line();
  if (!told.findings.empty()) {
    const Finding& finding = told.findings.front();
    json["finding"] = {{"kind", finding_kind_name(finding.kind)},
                       {"signature", finding.signature},
                       {"step", finding.step},
                       {"message", finding.message},
                       {"oracle", finding.oracle}};
    json["actors"] = Json::array();
    for (const Lane& lane : told.lanes)
      json["actors"].push_back({{"path", lane.path}, {"name", lane.name}});
    json["table"] = Json::array();
    for (const Row& row : told.rows) {
      if (row.mark == Row::Mark::kGap) {
        json["table"].push_back({{"left_out", row.deed}});
        continue;
      }
      Json one = json_of(told.deeds[row.deed], told.lanes[row.lane].path);
      one["mark"] = row.mark == Row::Mark::kFinding   ? "finding"
                    : row.mark == Row::Mark::kTurning ? "turning-point"
                                                      : "";
      json["table"].push_back(std::move(one));
    }
    json["story"] = told.story;
    json["circle"] = told.circle;
    const TurningPoint& turning = told.turning;
    Json changes = Json::array();
    for (std::size_t i = 0; i < turning.flips.size(); ++i) {
      const Flip& flip = turning.flips[i];
      changes.push_back({{"step", flip.question.step},
                         {"from", answer_text(flip.question.given)},
                         {"to", answer_text(flip.to)},
                         {"words", told.changes[i]}});
    }
    json["turning_point"] = {
        {"answers", std::move(changes)},
        {"then", told.then},
        {"passing_schedule", turning.found() ? Json(turning.passing.one_line()) : Json(nullptr)},
        {"another_finding", told.elsewhere.empty() ? Json(nullptr) : Json(told.elsewhere)},
        {"executions", turning.executions},
        {"single_answers", turning.singles},
        {"every_single_answer_tried", turning.all_singles},
        {"every_pair_tried", turning.all_pairs}};
    json["passes_without"] = told.without;
  }
  if (!told.notes.empty()) json["notes"] = told.notes;
  return json.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n";
}

}  // namespace reweave::repro
