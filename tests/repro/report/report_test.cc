#include "repro/report/report.h"
#include "repro/report/escapes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace reweave::repro {
namespace {

using nlohmann::json;
using testing::HasSubstr;

Report example() {
  Report report{.command = "hunt", .file = "a.weave", .repro = "found/it's.weave"};
  report.findings = {
      {FindingKind::kLostValue, 12, "lost-value spill receiver.1", "The value \"v1\" was lost."}};
  report.executions = 1234;
  report.seconds = 0.5;
  report.trace_hash = 0xabc;
  report.schedule = Schedule{{{.actor = "0.1",
                               .kind = QuestionKind::kSpill,
                               .site = "x.1",
                               .nth = 0,
                               .answer = 1,
                               .chosen = ""}}};
  report.facts = {{"seed", "7"}};
  return report;
}

TEST(Report, JsonHasTheFieldsThatProgramsReadAndNothingElseOnTheLine) {
  const std::string text = render(example(), Format::kJson, {});
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
  const json object = json::parse(text);
  EXPECT_EQ(object["schema"], 1);
  EXPECT_EQ(object["verdict"], "finding");
  EXPECT_EQ(object["finding"]["kind"], "lost-value");
  EXPECT_EQ(object["finding"]["signature"], "lost-value spill receiver.1");
  EXPECT_EQ(object["executions"], 1234);
  EXPECT_EQ(object["seconds"], 0.5);
  EXPECT_EQ(object["trace_hash"], "0000000000000abc");
  EXPECT_EQ(object["schedule"], "0.1 spill x.1 0 1");
  EXPECT_EQ(object["seed"], "7");
}

TEST(Report, JsonOfACleanRunHasTheSameFields) {
  const json object =
      json::parse(render(Report{.command = "hunt", .file = "a"}, Format::kJson, {}));
  EXPECT_EQ(object["verdict"], "clean");
  EXPECT_TRUE(object["finding"].is_null());
  for (const char* field : {"schema", "executions", "seconds", "trace_hash", "schedule"}) {
    EXPECT_TRUE(object.contains(field)) << field;
  }
}

TEST(Report, JsonSurvivesBytesThatAreNoText) {
  Report report = example();
  report.findings[0].message = "\xff\x01\"";
  EXPECT_TRUE(json::accept(render(report, Format::kJson, {})));
}

TEST(Report, TextEndsWithThreeCommandsThatAShellUnderstands) {
  const std::string text = render(example(), Format::kText, {});
  EXPECT_THAT(text, HasSubstr("reweave replay 'found/it'\\''s.weave'\n"));
  EXPECT_THAT(
      text,
      HasSubstr("gdb -ex run --args reweave replay 'found/it'\\''s.weave' --break-at-step 12\n"));
  EXPECT_THAT(text, HasSubstr("add_test(NAME repro."));
  EXPECT_THAT(text, testing::Not(HasSubstr("\033")));
  EXPECT_THAT(render(example(), Format::kText, {.is_terminal = false, .colours = true}),
              HasSubstr("\033"));
}

TEST(Report, CommandsSurviveNamesWithAnything) {
  const FindingCommands commands =
      finding_commands("reweave", "qu'ote\"s $(x) ${y}$<z>;\n.weave", 1);
  EXPECT_EQ(commands.regression_test,
            "add_test(NAME repro.qu_ote_s___x____y___z___ COMMAND reweave check "
            "\"qu'ote\\\"s \\$(x) \\${y}$<1:$><z>;\\n.weave\")");
  for (const std::string& line : {commands.reproduce, commands.debug, commands.regression_test})
    EXPECT_EQ(line.find('\n'), std::string::npos) << line;
}

TEST(Report, WhatTheSubjectSaysCannotSpeakForUs) {
  Report report = example();
  report.findings[0].message = "a\n::error::injected\x1b[2J";
  report.findings[0].signature = "\u009b2J";
  const std::string text = render(report, Format::kText, {});
  EXPECT_THAT(text, HasSubstr("  \\x3a:error::injected\\x1b[2J\n"));
  EXPECT_THAT(text, HasSubstr("\\u009b2J"));
}

TEST(Report, WhatCouldNotBeWrittenIsInIt) {
  Report report = example();
  report.repro.clear();
  report.not_written = "f: cannot be written: No space left on device";
  report.repro_text = "weave 1\n";
  EXPECT_THAT(render(report, Format::kText, {}),
              testing::AllOf(HasSubstr("No space left"), testing::EndsWith("\n\nweave 1\n")));
  EXPECT_EQ(json::parse(render(report, Format::kJson, {}))["repro_text"], "weave 1\n");
}

TEST(Report, TextShowsOnlyTheBeginningOfALongSchedule) {
  Report report = example();
  report.schedule->answers.resize(50, report.schedule->answers[0]);
  EXPECT_THAT(render(report, Format::kText, {}), HasSubstr("and 30 more"));
}

CheckReport checked() {
  CheckReport report;
  report.cases.push_back(
      {.file = "good.weave", .passed = true, .message = "", .finding = {}, .trace_hash = {}});
  report.cases.push_back({.file = "a,b:c%.weave",
                          .line = 7,
                          .message = "expected <x> & \"y\"\nfound 100%",
                          .finding = {},
                          .trace_hash = {}});
  return report;
}

TEST(CheckReport, JunitIsEscaped) {
  const std::string text = render(checked(), Format::kJunit, {});
  EXPECT_THAT(text, HasSubstr("tests=\"2\" failures=\"1\""));
  EXPECT_THAT(text, HasSubstr("expected &lt;x&gt; &amp; &quot;y&quot;&#10;found 100%"));
}

TEST(CheckReport, JunitTellsErrorsFromFailuresAndIsUtf8) {
  CheckReport report = checked();
  report.cases.push_back({.file = "no\xff\ufffe.weave", .is_error = true, .message = "\xe2\x82"});
  report.skip("for a reason", "s.weave");
  const std::string text = render(report, Format::kJunit, {});
  EXPECT_THAT(text, HasSubstr("tests=\"4\" failures=\"1\" errors=\"1\" skipped=\"1\""));
  EXPECT_THAT(text, HasSubstr("<error message=\"\\xe2\\x82\">"));
  EXPECT_THAT(text, HasSubstr("name=\"no\\xff\\ufffe.weave\""));
  EXPECT_THAT(text, HasSubstr("<skipped message=\"for a reason\"/>"));
}

TEST(CheckReport, GithubAnnotationsAreEscaped) {
  const std::string text = render(checked(), Format::kGithub, {});
  EXPECT_THAT(text, HasSubstr("::error file=a%2Cb%3Ac%25.weave,line=7,title="));
  EXPECT_THAT(text, HasSubstr("::expected <x> & \"y\"%0Afound 100%25\n"));
}

TEST(CheckReport, SummaryIsMarkdownWithOneLineForEachFailure) {
  EXPECT_THAT(github_summary(checked()),
              HasSubstr("1 passed, 1 failed\n\n* `a,b:c%.weave`: `expected <x> & \"y\" found"));
}

TEST(CheckReport, JsonCountsThem) {
  const json object = json::parse(render(checked(), Format::kJson, {}));
  EXPECT_EQ(object["verdict"], "finding");
  EXPECT_EQ(object["passed"], 1);
  EXPECT_EQ(object["cases"].size(), 2u);
  EXPECT_EQ(object["cases"][1]["passed"], false);
}

TEST(Escape, XmlHasNoControlCharacters) { EXPECT_EQ(escape_xml("a\x01'b"), "a\\x01&apos;b"); }

}  // namespace
}  // namespace reweave::repro
