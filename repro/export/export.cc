#include "repro/export/export.h"

#include <fmt/format.h>

#include <algorithm>

#include "repro/export/text_forms.h"
#include "repro/report/printable.h"

namespace reweave::repro {
namespace {

/// Letters and digits, beginning with a capital: what GoogleTest takes.
std::string identifier(std::string_view name) {
  std::string out;
  bool capital = true;
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool digit = c >= '0' && c <= '9';
    if (!letter && !digit) {
      capital = true;
      continue;
    }
    if (out.empty() && digit) out += "Repro";
    out += capital && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    capital = false;
  }
  return out.empty() ? "Repro" : out;
}

std::string dot_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : printable(text)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

}  // namespace

std::string export_gtest(const WeaveFile& file, std::string_view name) {
  const std::string text = write_weave(file);
  return fmt::format(
      "// Made by `reweave export`: keeps a finding as a test. Link reweave::repro and "
      "GTest::gtest_main.\n"
      "#include <gtest/gtest.h>\n\n"
      "#include \"repro/file/weave_file.h\"\n"
      "#include \"repro/run/runner.h\"\n\n"
      "namespace {{\n\n"
      "constexpr const char* kRepro = {0};\n\n"
      "TEST({1}, GivesItsVerdict) {{\n"
      "  using namespace reweave::repro;\n"
      "  const reweave::Expected<WeaveFile> file = read_weave(kRepro, \"{1}\");\n"
      "  ASSERT_TRUE(file) << file.error().message;\n"
      "  ASSERT_TRUE(file->verdict);\n"
      "  Runner runner;\n"
      "  const RunResult run = runner.run(*file, reweave::ReplayMode::kStrict);\n"
      "  EXPECT_EQ(difference(*file->verdict, run.verdict, file->kind().is_compiled()), \"\");\n"
      "}}\n\n"
      "}}  // namespace\n",
      raw_literal(text), identifier(name));
}

std::string export_dot(const Explanation& told) {
  std::string text =
      "digraph reweave {\n  rankdir=TB;\n  node [shape=box, fontname=\"sans-serif\"];\n";
  std::vector<std::string> last(told.lanes.size());
  for (std::size_t i = 0; i < told.lanes.size(); ++i) {
    const Lane& lane = told.lanes[i];
    last[i] = fmt::format("lane{}", i);
    text += fmt::format("  {} [label={}, shape=plaintext];\n", last[i],
                        dot_string(lane.path + " " + lane.name));
  }
  std::vector<std::pair<std::string, std::string>> gives;  // Value and node.
  std::string before;
  for (std::size_t i = 0; i < told.rows.size(); ++i) {
    const Row& row = told.rows[i];
    if (row.mark == Row::Mark::kGap) continue;
    const Deed& deed = told.deeds[row.deed];
    const std::string node = fmt::format("row{}", i);
    text += fmt::format("  {} [label={}{}];\n", node,
                        dot_string(fmt::format("{}. {}", row.step, deed.phrase)),
                        row.mark == Row::Mark::kFinding ? ", penwidth=3" : "");
    text += fmt::format("  {} -> {} [style=dotted, arrowhead=none];\n", last[row.lane], node);
    if (!before.empty()) text += fmt::format("  {} -> {} [style=invis];\n", before, node);
    if (deed.kind == DeedKind::kGives) gives.emplace_back(deed.value, node);
    if (deed.kind == DeedKind::kTakes) {
      for (const auto& [value, from] : gives)
        if (value == deed.value)
          text += fmt::format("  {} -> {} [label={}, constraint=false];\n", from, node,
                              dot_string(value));
    }
    last[row.lane] = node;
    before = node;
  }
  return text + "}\n";
}

}  // namespace reweave::repro
