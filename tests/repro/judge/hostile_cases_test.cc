// Recordings that nobody made in good faith: each is refused in a line, or judged, and nothing ends
// the tool.

#include "tests/repro/cli.h"

namespace reweave::repro {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class HostileCases : public Cli {
 protected:
  static std::string case_line(const std::string& functions, const std::string& id = "x",
                               const std::string& channels = "1", const std::string& slots = "1") {
    return "{\"id\":\"" + id + "\",\"chans\":" + channels + ",\"slots\":" + slots +
           ",\"funcs\":" + functions +
           ",\"soft\":{\"out\":\"ok\",\"trace\":[],\"bal\":[0],\"left\":[],\"runcount\":1},"
           "\"hard\":null}\n";
  }
  std::string refused(const std::string& content) const {
    return run({"conform", write("a.jsonl", content)}, 2);
  }
  static std::string nested(std::size_t depth, const std::string& before, const std::string& inside,
                            const std::string& after) {
    std::string text;
    for (std::size_t i = 0; i < depth; ++i) text += before;
    text += inside;
    for (std::size_t i = 0; i < depth; ++i) text += after;
    return text;
  }
};

TEST_F(HostileCases, NumbersAreLookedAtBeforeAnythingIsMade) {
  const std::string empty = "[[]]";
  for (const char* number : {"2000000000", "-5", "1.9", "1e300", "4294967297", "\"1\"", "null",
                             "18446744073709551616"}) {
    EXPECT_THAT(refused(case_line(empty, "x", number)), HasSubstr("no whole number")) << number;
    EXPECT_THAT(refused(case_line(empty, "x", "1", number)), HasSubstr("no whole number"))
        << number;
    EXPECT_THAT(refused(case_line("[[[\"loop\"," + std::string(number) + ",[]]]]")),
                testing::AnyOf(HasSubstr("no whole number"), HasSubstr("loop")))
        << number;
  }
  EXPECT_THAT(refused(case_line(R"([[["send",4294967296]]])")), HasSubstr("no whole number"));
}

TEST_F(HostileCases, DepthIsLimited) {
  EXPECT_THAT(refused(case_line("[[" + nested(50'000, "[\"try\",[", "", "]]") + "]]")),
              HasSubstr("nested more than"));
  EXPECT_THAT(refused(case_line("[[[\"emit\"," + nested(200'000, "[", "", "]") + "]]]")),
              HasSubstr("nested more than"));
  EXPECT_THAT(refused(case_line("[[" + nested(17, "[\"try\",[", "", "]]") + "]]")),
              HasSubstr("nested"));
}

TEST_F(HostileCases, SizesAreLimited) {
  std::string operations = "[\"gc\"]";
  for (int i = 1; i < 65'536; ++i) operations += ",[\"gc\"]";
  EXPECT_THAT(refused(case_line("[[" + operations + "]]")), HasSubstr("more than 1000 operations"));
  std::string functions = "[]";
  for (int i = 1; i < 100; ++i) functions += ",[]";
  EXPECT_THAT(refused(case_line("[" + functions + "]")), HasSubstr("functions"));
  std::string words = "[\"emit\",\"0\"]";
  for (int i = 1; i < 300; ++i) words += ",[\"emit\",\"" + std::to_string(i) + "\"]";
  EXPECT_THAT(refused(case_line("[[" + words + "]]")), HasSubstr("more than 256 words"));
}

TEST_F(HostileCases, AFileWithoutACaseIsAnError) {
  EXPECT_THAT(refused(""), HasSubstr("holds no case"));
  EXPECT_THAT(refused("\r\n\n"), HasSubstr("holds no case"));
}

TEST_F(HostileCases, NothingComesBehindAZeroByte) {
  std::string line = case_line("[[]]");
  line.insert(line.size() - 1, std::string("\0 garbage }}}", 13));
  EXPECT_THAT(refused(line), HasSubstr("a.jsonl:1: a case: a zero byte is no JSON"));
}

TEST_F(HostileCases, TroubleIsToldInTheWordsOfTheHouse) {
  EXPECT_THAT(refused("{\"id\": }\n"), HasSubstr("a case: no JSON from byte 8 of the line on"));
  EXPECT_THAT(refused("{}\n"),
              AllOf(HasSubstr("a case: key 'id' not found"), Not(HasSubstr("json.exception"))));
}

TEST_F(HostileCases, LinesMayEndAsOnWindows) {
  std::string line = case_line("[[]]");
  line.insert(line.size() - 1, "\r");
  EXPECT_EQ(run_json({"conform", write("a.jsonl", "\r\n" + line + "\r\n")}, 0)["passed"], 2);
}

TEST_F(HostileCases, WhatCrashesOrHangsIsAResult) {
  const std::string file =
      write("a.jsonl", case_line("[[]]", "good") + case_line("[[[\"canary\",0]]]", "crash") +
                           case_line("[[[\"canary\",1]]]", "hang") + case_line("[[]]", "last"));
  const json report = run_json({"conform", file, "--hang-ms", "300"}, 1);
  EXPECT_EQ(report["cases"], 8);
  EXPECT_EQ(report["passed"], 4);
  EXPECT_EQ(report["failed"], json::array({"crash:soft", "crash:hard", "hang:soft", "hang:hard"}));
  EXPECT_EQ(report["died"][2]["signature"], "hang");
  EXPECT_THAT(run({"conform", file, "--hang-ms", "300"}, 1),
              AllOf(HasSubstr("hang:soft ended its process"), HasSubstr("4 of 8")));
  for (const char* flag : {"--explain-fixed", "--fail-allocations"})
    run_json({"conform", flag, file, "--hang-ms", "300"}, 1);
}

TEST_F(HostileCases, FailingAllocationsEndsWhereTheProgramDoesNot) {
  const std::string file =
      write("a.jsonl", case_line(R"([[["call",0]]])", "round") +
                           case_line(R"([[["tryall",[["call",0]]],["call",0]]])", "twice"));
  const json report = run_json({"conform", "--fail-allocations", file}, 0);
  EXPECT_EQ(report["unfinished"], 4);
  EXPECT_TRUE(report["findings"].empty());
}

TEST_F(HostileCases, AnIdCannotSpeakForUs) {
  const std::string file = write(
      "a.jsonl", case_line("[[[\"emit\",\"\\u001b[2J\"]]]",
                           "::stop-commands::x\\n::error file=a.cc,line=1::injected\\u001b[2J"));
  for (const char* flag : {"--format=text", "--explain-fixed"}) {
    const std::string output = run({"conform", file, flag}, 1);
    EXPECT_THAT(output, AllOf(Not(HasSubstr("\x1b")), Not(HasSubstr("\n::")),
                              Not(testing::StartsWith("::"))));
  }
}

}  // namespace
}  // namespace reweave::repro
