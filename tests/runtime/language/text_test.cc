#include "runtime/language/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/runtime/language/wild.h"

namespace reweave::runtime {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* kPost = R"(channel data
slot sender

function main
  pref data 1
  spawn receiver -
  spawn sender sender
  weakref sender callback
  drop sender
  runall
end

function receiver
  hcall take
end

function take
  recv data
end

function sender
  send data
end

function callback
  try
    7: rec 30 -
    emit deep
  end
  3: emit done
end
)";

std::string error_of(std::string_view text) {
  const Expected<Scenario> scenario = parse_scenario(text, "file.weave");
  return scenario ? "read" : scenario.error().message;
}

/// The error of a function `main` with these lines; they begin on line 4.
std::string error_of_lines(const std::string& lines) {
  return error_of("channel data\nslot one\nfunction main\n" + lines + "\nend\n");
}

TEST(Text, IsWrittenAsItWasRead) {
  const Scenario scenario = scenario_of(kPost);
  EXPECT_EQ(write_scenario(scenario), kPost);
  const std::vector<Op>& callback = scenario.functions[4].ops;
  EXPECT_EQ(callback[0].label, 1);
  EXPECT_EQ(callback[1].label, 7);
  EXPECT_EQ(callback[2].label, 8);
  EXPECT_EQ(callback[3].label, 0);
  EXPECT_EQ(callback[4].label, 3);
  EXPECT_EQ(scenario.words, (std::vector<std::string>{"deep", "done"}));
}

TEST(Text, SaysBehindTheNameWhatAFunctionExpects) {
  const char* const text = "function main raises\nend\n\nfunction serve daemon raises\nend\n";
  const Scenario scenario = scenario_of(text);
  EXPECT_EQ(write_scenario(scenario), text);
  EXPECT_TRUE(scenario.functions[0].raises && !scenario.functions[0].daemon);
  EXPECT_TRUE(scenario.functions[1].raises && scenario.functions[1].daemon);
  EXPECT_EQ(write_scenario(scenario_of("function main\nend\nfunction f raises daemon\nend\n")),
            "function main\nend\n\nfunction f daemon raises\nend\n");
}

TEST(Text, MayBeIndentedAndCommentedAtWill) {
  const Scenario scenario =
      scenario_of("# a comment\nchannel c # the one\n\n function f\nsend\tc\r\n   end # of f\n");
  EXPECT_EQ(write_scenario(scenario), "channel c\n\nfunction f\n  send c\nend\n");
}

TEST(Text, MayLeaveOutWhatIsOptionalAtTheEnd) {
  const Scenario scenario = scenario_of("function main\n spawn main\n rec 5\nend");
  EXPECT_EQ(write_scenario(scenario), "function main\n  spawn main -\n  rec 5 -\nend\n");
}

TEST(Text, DeclaresWordsOnlyWhereTheyAreNotThoseEmitted) {
  const char* declared = "word b\nword a\n\nfunction main\n  emit a\n  emit b\nend\n";
  EXPECT_EQ(write_scenario(scenario_of(declared)), declared);
  const char* unused = "word a\n\nfunction main\nend\n";
  EXPECT_EQ(write_scenario(scenario_of(unused)), unused);
  EXPECT_EQ(write_scenario(scenario_of("word a\nword b\nfunction main\nemit a\nemit b\nend\n")),
            "function main\n  emit a\n  emit b\nend\n");
}

TEST(Text, EndsWhereAnotherReaderBegins) {
  const std::string text = std::string(kPost) + "settings\n  spill_levels 3\n";
  LineReader reader(text, "file.weave");
  ASSERT_TRUE(read_scenario(reader).has_value());
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.words()[0], "settings");
  EXPECT_EQ(reader.line(), 32);
  EXPECT_THAT(error_of(text), AllOf(StartsWith("file.weave:32: "), HasSubstr("\"settings\"")));
}

TEST(Text, OfAnOperationIsWhatWouldBeWritten) {
  const Scenario scenario = scenario_of(kPost);
  EXPECT_EQ(op_text(scenario, scenario.functions[0].ops[1]), "spawn receiver -");
  EXPECT_EQ(op_text(scenario, scenario.functions[4].ops[1]), "rec 30 -");
  Op op{.code = OpCode::kSend, .args = {9, 0, 0}};
  EXPECT_EQ(op_text(scenario, op), "send #9");
}

struct BadLines {
  const char* lines;
  int line;  // Of the file; the lines begin on line 4.
  const char* found;
  const char* advice;
};

class TextErrors : public ::testing::TestWithParam<BadLines> {};

TEST_P(TextErrors, SayWhereWhatAndWhatToDo) {
  const BadLines& bad = GetParam();
  EXPECT_THAT(error_of_lines(bad.lines),
              AllOf(StartsWith("file.weave:" + std::to_string(bad.line) + ": "),
                    HasSubstr(bad.found), HasSubstr(bad.advice)));
}

INSTANTIATE_TEST_SUITE_P(
    Lines, TextErrors,
    ::testing::Values(
        BadLines{"snd data", 4, "\"snd\"", "\"send\""},
        BadLines{"qqqqqq", 4, "\"qqqqqq\"", "reweave help operations"},
        BadLines{"sched\nsend", 5, "0 words", "`send CHANNEL`"},
        BadLines{"send data one", 4, "2 words", "`send CHANNEL`"},
        BadLines{"send dat", 4, "\"dat\" is not declared", "\"data\""},
        BadLines{"drop two", 4, "\"two\" is not declared", "`slot NAME`"},
        BadLines{"drop -", 4, "\"-\" is not declared", "`slot NAME`"},
        BadLines{"call mian", 4, "\"mian\" is defined nowhere", "\"main\""},
        BadLines{"call -", 4, "\"-\" is defined nowhere", "`function NAME`"},
        BadLines{"pref data 2", 4, "\"2\"", "from -1 to 1"},
        BadLines{"rec 10000 main", 4, "\"10000\"", "from 0 to 9999"},
        BadLines{"loop -1\nend", 4, "\"-1\"", "from 0 to 9999"},
        BadLines{"loop 01\nend", 4, "\"01\"", "from 0 to 9999"},
        BadLines{"raise Oops", 4, "\"Oops\" is no exception", "or TaskletExit"},
        BadLines{"raise RuntimeError", 4, "\"RuntimeError\" is no exception", "E1, E2"},
        BadLines{"canary bird", 4, "\"bird\" is no canary", "crash, hang"},
        BadLines{"emit a-b", 4, "\"a-b\" cannot be emitted", "letters, digits and _"},
        BadLines{"sched\n1: sched", 5, "label 1 is used on line 4", "a free one"},
        BadLines{"2: sched\n1: sched\nsched", 6, "label 2 is used on line 4", "a free one"},
        BadLines{"0: sched", 4, "\"0:\" is no label", "from 1 to 65535"},
        BadLines{"65536: sched", 4, "\"65536:\" is no label", "from 1 to 65535"},
        BadLines{"65535: sched\nsched", 5, "no label is left after 65535", "a free one"},
        BadLines{"7:", 4, "followed by no operation", "`7: sched`"},
        BadLines{"7:sched", 4, "\"7:sched\"", "reweave help operations"},
        BadLines{"try\n7: end", 5, "`end` takes neither a label", "alone"},
        BadLines{"end now", 4, "`end` takes neither a label nor an argument", "alone"},
        BadLines{"then", 4, "stands in no `finally`", "remove it"},
        BadLines{"try\nthen\nend", 5, "stands in no `finally`", "remove it"},
        BadLines{"finally\nthen\nthen\nend", 6, "`finally` of line 4", "remove this one"},
        BadLines{"finally\nend", 5, "`finally` of line 4 has no `then`", "put it between"},
        BadLines{"try\nchannel more", 5, "inside of the `try` of line 4", "add `end`"},
        BadLines{"sched\nfunction next", 5, "inside of function main, line 3", "add `end`"},
        BadLines{"try", 5, "ends inside of function main", "add `end`"},
        BadLines{"end\nsend data", 5, "\"send\" stands outside of a function", "put it between"},
        BadLines{"end\nfunction main", 5, "\"main\" is defined twice", "rename one"},
        BadLines{"end\nfunction a b", 5, "here is \"b\"", "`daemon`"},
        BadLines{"end\nfunction a deamon", 5, "\"deamon\"", "did you mean \"daemon\""},
        BadLines{"end\nfunction a raises raises", 5, "\"raises\" is said twice", "remove one"},
        BadLines{"end\nfunction a-b", 5, "`function NAME`", "letters, digits and _"},
        BadLines{"end\nchannel data", 5, "\"data\" is declared twice", "remove one"},
        BadLines{"end\nchannel", 5, "0 words after `channel`", "`channel NAME`"},
        BadLines{"end\nslot a b", 5, "2 words after `slot`", "`slot NAME`"},
        BadLines{"end\nslot $", 5, "\"$\" cannot be the name of a slot", "letters, digits and _"}));

TEST(TextErrors, OfTheWholeText) {
  EXPECT_THAT(error_of(""), AllOf(StartsWith("file.weave"), HasSubstr("needs a function")));
  EXPECT_THAT(error_of("channel c\n"), HasSubstr("needs a function"));
  EXPECT_THAT(error_of("function a\nend\nfunction main\nend\n"),
              AllOf(StartsWith("file.weave:3: "), HasSubstr("not the first function")));
  EXPECT_THAT(error_of("function main\nend\nfuncton x\n"),
              AllOf(StartsWith("file.weave:3: "), HasSubstr("\"function\"")));
  EXPECT_THAT(error_of(std::string("function main\nend\n\0", 19)), StartsWith("file.weave:3: "));
}

TEST(TextErrors, AreNoLongerThanALineCanBear) {
  EXPECT_LT(error_of_lines(std::string(4000, 'x')).size(), 200u);
}

TEST(TextLimits, AreToldWithTheLineThatExceedsThem) {
  std::string channels;
  for (int i = 0; i < 65; ++i) channels += "channel c" + std::to_string(i) + "\n";
  EXPECT_THAT(error_of(channels), AllOf(StartsWith("file.weave:65: "), HasSubstr("64 channels")));

  std::string words = "function main\n";
  for (int i = 0; i < 257; ++i) words += "emit w" + std::to_string(i) + "\n";
  EXPECT_THAT(error_of(words + "end\n"),
              AllOf(StartsWith("file.weave:258: "), HasSubstr("256 different words")));

  std::string functions;
  for (int i = 0; i < 65; ++i) functions += "function f" + std::to_string(i) + "\nend\n";
  EXPECT_THAT(error_of(functions),
              AllOf(StartsWith("file.weave:129: "), HasSubstr("64 functions")));

  std::string ops = "function main\n";
  for (int i = 0; i < 1000; ++i) ops += "sched\n";
  EXPECT_EQ(error_of(ops + "end\n"), "read");
  EXPECT_THAT(error_of(ops + "sched\nend\n"),
              AllOf(StartsWith("file.weave:1002: "), HasSubstr("1000 operations")));
  // A block needs room for its end, too.
  std::string tight = "function main\n";
  for (int i = 0; i < 999; ++i) tight += "sched\n";
  EXPECT_THAT(error_of(tight + "try\nend\nend\n"), HasSubstr("1000 operations"));

  std::string nested = "function main\n";
  for (int i = 0; i < 17; ++i) nested += "try\n";
  EXPECT_THAT(error_of(nested),
              AllOf(StartsWith("file.weave:18: "), HasSubstr("nested deeper than 16")));
}

}  // namespace
}  // namespace reweave::runtime
