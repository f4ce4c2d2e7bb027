#include "repro/file/weave_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/language/text.h"
#include "scheduler/base/prng.h"
#include "tests/repro/testing.h"

namespace reweave::repro {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kWhole = R"(weave 1
settings
  switching hard
  defects post-switch-clear,spill-drops-tempval
  spill-levels 7
  steps-max 500
  zombie-frames off
end
channel c
function main
  recv c
end
schedule
  0  spill  main.1  0  1
end
verdict
  finding lost-value step 12 lost-value spill main.1
  result receive 0 main.1 None
  result main ended
  trace 0123456789abcdef
end
)";

std::string error_of(const std::string& text) {
  const Expected<WeaveFile> file = read_weave(text, "f.weave");
  EXPECT_FALSE(file.has_value()) << text;
  return file ? "" : file.error().message;
}

std::string with(const std::string& tail) { return "weave 1\nfunction main\nend\n" + tail; }

TEST(WeaveFile, ReadsEverySection) {
  const WeaveFile file = parse(kWhole);
  const runtime::Settings settings = settings_of(file);
  EXPECT_EQ(settings.switching, runtime::Switching::kHard);
  EXPECT_TRUE(settings.defects.has(runtime::Defect::kSpillDropsTempval));
  EXPECT_EQ(settings.spill_levels, 7u);
  EXPECT_EQ(settings.limits.steps_max, 500u);
  EXPECT_EQ(file.limits().steps_max, 500u);
  EXPECT_FALSE(settings.zombie_frames);
  EXPECT_TRUE(settings.slice_cache);
  ASSERT_TRUE(file.schedule.has_value());
  EXPECT_EQ(file.schedule->one_line(), "0 spill main.1 0 1");
  ASSERT_TRUE(file.verdict.has_value());
  ASSERT_EQ(file.verdict->findings.size(), 1u);
  EXPECT_EQ(file.verdict->findings[0],
            (StatedFinding{FindingKind::kLostValue, 12, "lost-value spill main.1"}));
  EXPECT_EQ(file.verdict->results.size(), 2u);
  EXPECT_EQ(file.verdict->trace_hash, 0x0123456789abcdefu);
}

TEST(WeaveFile, WritesWhatItReads) {
  for (const char* text : {kWhole, kLostValue, kClean}) {
    const std::string once = write_weave(parse(text));
    EXPECT_EQ(write_weave(parse(once)), once);
  }
}

TEST(WeaveFile, EveryKindOfFindingIsRead) {
  for (int index = 0; index < kFindingKindCount; ++index) {
    const auto kind = static_cast<FindingKind>(index);
    const std::string line = std::string("  finding ") + finding_kind_name(kind) + " step 1 s\n";
    EXPECT_EQ(parse(with("verdict\n" + line + "end\n")).verdict->findings[0].kind, kind);
  }
}

TEST(WeaveFile, TextsOfAVerdictSurviveTheFile) {
  WeaveFile file = parse(kClean);
  const Finding odd{FindingKind::kCrash, 3, "#  two\nlines\tand #more", "message"};
  const Finding empty{FindingKind::kHang, 4, "", ""};
  file.verdict = verdict_of({odd, empty}, {"receive   # x"}, 7);
  EXPECT_EQ(*parse(write_weave(file)).verdict, *file.verdict);
}

TEST(WeaveFile, ErrorsNameFileLineAndWhatToDo) {
  EXPECT_THAT(error_of(""), HasSubstr("f.weave"));
  EXPECT_THAT(error_of("hello\n"), StartsWith("f.weave:1:"));
  EXPECT_THAT(error_of("weave 2\nfunction main\nend\n"),
              testing::AllOf(StartsWith("f.weave:1:"), HasSubstr("newer build")));
  EXPECT_THAT(error_of("weave 0\n"), HasSubstr("older build"));
  EXPECT_THAT(error_of("weave one\n"), HasSubstr("`weave 1`"));
  EXPECT_THAT(error_of("weave 1\n"), HasSubstr("no scenario"));
  EXPECT_THAT(error_of("weave 1\nsettings\n  spil-levels 3\nend\n"),
              testing::AllOf(StartsWith("f.weave:3:"), HasSubstr("spill-levels")));
  EXPECT_THAT(error_of("weave 1\nsettings\n  spill-levels 0\nend\n"), HasSubstr("from 1 to 1000"));
  EXPECT_THAT(error_of("weave 1\nsettings\n  spill-levels 3\n  spill-levels 3\nend\n"),
              HasSubstr("second time"));
  EXPECT_THAT(error_of("weave 1\nsettings\n  defects post-switch-claer\nend\n"),
              HasSubstr("post-switch-clear"));
  EXPECT_THAT(error_of("weave 1\nsettings\n  switching medium\nend\n"), HasSubstr("soft or hard"));
  EXPECT_THAT(error_of("weave 1\nsettings\n  slice-cache maybe\nend\n"), HasSubstr("on or off"));
  EXPECT_THAT(error_of("weave 1\nsettings\n  switching soft\n"), HasSubstr("cut off"));
  EXPECT_THAT(error_of("weave 1\nverdict\nend\n"), HasSubstr("after the scenario"));
  EXPECT_THAT(error_of(with("settings\nend\n")), HasSubstr("before the scenario"));
  EXPECT_THAT(error_of(with("verdict\nend\nverdict\nend\n")), HasSubstr("second"));
  EXPECT_THAT(error_of(with("verdict\nend\nschedule\nend\n")), HasSubstr("move it up"));
  EXPECT_THAT(error_of(with("verdict\n  finding lost-valu step 1 x\nend\n")),
              testing::AllOf(StartsWith("f.weave:5:"), HasSubstr("lost-value")));
  EXPECT_THAT(error_of(with("verdict\n  finding lost-value 1 x\nend\n")), HasSubstr("step N"));
  EXPECT_THAT(error_of(with("verdict\n  trace 12\nend\n")), HasSubstr("16 hexadecimal"));
  EXPECT_THAT(error_of(with("verdict\n  trace 0x23456789abcdef\nend\n")),
              HasSubstr("16 hexadecimal"));
  EXPECT_THAT(error_of(with("verdict now\nend\n")), HasSubstr("stands alone"));
  EXPECT_THAT(error_of(with("verdict\n  fnding\nend\n")), HasSubstr("finding"));
  EXPECT_THAT(error_of(with("shedule\nend\n")), HasSubstr("schedule"));
  EXPECT_THAT(error_of(with("schedule\n  0 spill main.1 0 1\n")), HasSubstr("cut off"));
  EXPECT_THAT(error_of(with("schedule\n  nonsense\nend\n")), HasSubstr("not an answer"));
  EXPECT_THAT(error_of(std::string("weave 1\n\0\n", 10)), HasSubstr("f.weave"));
}

TEST(WeaveFile, LimitsEveryCount) {
  std::string findings = "verdict\n";
  for (std::size_t count = 0; count <= Verdict::kFindingsMax; ++count)
    findings += "finding crash step 1 s\n";
  EXPECT_THAT(error_of(with(findings + "end\n")), HasSubstr("more than 100 findings"));
  std::string results = "verdict\n";
  for (std::size_t count = 0; count <= Verdict::kResultsMax; ++count) results += "result r\n";
  EXPECT_THAT(error_of(with(results + "end\n")), HasSubstr("more than 20000 results"));
}

// Every truncation and many corruptions of a file are read or refused with its name, and never
// more.
TEST(WeaveFile, DamagedFilesAreRefusedWithTheirName) {
  const std::string whole = kWhole;
  for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
    const Expected<WeaveFile> file =
        read_weave(std::string_view(whole).substr(0, bytes), "f.weave");
    if (!file) {
      EXPECT_THAT(file.error().message, HasSubstr("f.weave"));
    }
  }
  Prng prng(11);
  for (int round = 0; round < 5000; ++round) {
    std::string damaged = whole;
    for (int change = 0; change < 3; ++change) {
      damaged[prng.next() % damaged.size()] = static_cast<char>(prng.next() & 0xff);
    }
    const Expected<WeaveFile> file = read_weave(damaged, "f.weave");
    if (file) {
      EXPECT_EQ(write_weave(parse(write_weave(*file))), write_weave(*file));
    } else {
      EXPECT_THAT(file.error().message, HasSubstr("f.weave"));
    }
  }
}

TEST(Verdict, DifferenceNamesTheFirstOne) {
  const Verdict a = *parse(kWhole).verdict;
  EXPECT_EQ(difference(a, a), "");
  Verdict b = a;
  b.trace_hash = 1;
  EXPECT_THAT(difference(a, b),
              HasSubstr("expected trace hash 0123456789abcdef; found 0000000000000001"));
  b.results[0] = "receive 0 main.1 v1";
  EXPECT_EQ(difference(a, b),
            "result 1: expected \"receive 0 main.1 None\"; found \"receive 0 main.1 v1\"");
  b.findings.clear();
  EXPECT_THAT(difference(a, b), HasSubstr("did not show"));
  EXPECT_THAT(difference(b, a), HasSubstr("unexpected lost-value"));
}

TEST(Verdict, WithoutATraceHashAnyOneWillDo) {
  Verdict stated = *parse(kWhole).verdict;
  const Verdict found = stated;
  stated.trace_hash.reset();
  EXPECT_EQ(difference(stated, found), "");
}

TEST(WithVerdict, ChangesNothingElse) {
  const std::string text =
      "weave 1\r\nfunction main # verdict\r\nend\r\nverdict\r\n  # why\r\n"
      "  result  a   # first\r\n  result b\r\n  result c # third\r\nend # x";
  Verdict verdict{.findings = {}, .results = {"a", "new", "c"}, .trace_hash = 1};
  const std::string changed = with_verdict(text, verdict);
  EXPECT_EQ(changed,
            "weave 1\r\nfunction main # verdict\r\nend\r\nverdict\r\n  # why\r\n"
            "  result  a   # first\r\n  result new\r\n  result c # third\r\n"
            "  trace 0000000000000001\r\nend # x");
  EXPECT_EQ(read_weave(changed, "x")->verdict, verdict);
  EXPECT_EQ(with_verdict(changed, verdict), changed);
}

TEST(WithVerdict, KeepsTheCommentOfALineThatSaysSomethingElseNow) {
  const std::string text =
      "weave 1\nfunction main\nend\nverdict\n  finding hang step 3 a b   # JIRA-3\n"
      "  result a # first\n  result b\n  trace 0000000000000001 # JIRA-4\nend\n";
  const Verdict verdict{
      .findings = {{FindingKind::kHang, 4, "a b"}}, .results = {"b", "new"}, .trace_hash = 2};
  EXPECT_EQ(with_verdict(text, verdict),
            "weave 1\nfunction main\nend\nverdict\n  finding hang step 4 a b   # JIRA-3\n"
            "  result b\n  result new\n  trace 0000000000000002 # JIRA-4\nend\n");
}

TEST(WithVerdict, ComesBehindAllElseWhereThereIsNone) {
  const Verdict verdict{.findings = {}, .results = {"a"}, .trace_hash = std::nullopt};
  EXPECT_EQ(with_verdict("weave 1\nfunction main\nend", verdict),
            "weave 1\nfunction main\nend\n\nverdict\n  result a\nend\n");
}

}  // namespace
}  // namespace reweave::repro
