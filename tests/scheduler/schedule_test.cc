#include "scheduler/schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reweave {
namespace {

using testing::HasSubstr;

NamedAnswer spill(std::string actor, std::string site, std::uint32_t nth, std::uint32_t answer) {
  return {std::move(actor), QuestionKind::kSpill, std::move(site), nth, answer, ""};
}

Schedule example() {
  Schedule schedule;
  schedule.answers.push_back(spill("0.1", "callback.2", 0, 1));
  schedule.answers.push_back({"0", QuestionKind::kPreempt, "main.4", 2, 1, ""});
  schedule.answers.push_back({"0.1", QuestionKind::kRun, "sender.3", 0, 0, "0.2"});
  return schedule;
}

TEST(Schedule, IsWrittenOneAnswerALineInColumns) {
  EXPECT_EQ(example().text("  "),
            "  0.1 spill   callback.2 0 1\n"
            "  0   preempt main.4     2 1\n"
            "  0.1 run     sender.3   0 0.2\n");
  EXPECT_EQ(Schedule{}.text(), "");
}

TEST(Schedule, ReadsWhatItWrote) {
  const auto read = parse_schedule(example().text(), "f");
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, example());
}

TEST(Schedule, IsASectionOfALargerText) {
  LineReader reader("0.1 spill a.1 0 1  # why\n\n0 fail b 3 1\nverdict clean\n", "f");
  const auto read = read_schedule(reader);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->answers.size(), 2u);
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.words()[0], "verdict");
}

TEST(Schedule, HasAOneLineFormThatIsReadAgain) {
  EXPECT_EQ(example().one_line(),
            "0.1 spill callback.2 0 1; 0 preempt main.4 2 1; 0.1 run sender.3 0 0.2");
  EXPECT_LE(example().one_line().size(), 76u);
  const auto read = parse_one_line(example().one_line());
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, example());
  EXPECT_EQ(Schedule{}.one_line(), "ordinary");
  ASSERT_TRUE(parse_one_line("ordinary"));
  EXPECT_TRUE(parse_one_line("ordinary")->empty());
}

TEST(Schedule, CutsTheOneLineFormWhenItIsTooLong) {
  Schedule schedule;
  for (std::uint32_t i = 0; i < 100; ++i)
    schedule.answers.push_back(spill("0.1", "callback.2", i, 1));
  const std::string line = schedule.one_line(76);
  EXPECT_LE(line.size(), 76u);
  EXPECT_EQ(line, "0.1 spill callback.2 0 1; 0.1 spill callback.2 1 1; and 98 more");
  const auto read = parse_one_line(line);
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().message, HasSubstr("cut off"));
}

struct Malformed {
  const char* text;
  const char* message;
};

class MalformedSchedule : public testing::TestWithParam<Malformed> {};

TEST_P(MalformedSchedule, IsExplainedByFileAndLine) {
  const auto read = parse_schedule(GetParam().text, "x.weave");
  ASSERT_FALSE(read) << GetParam().text;
  EXPECT_THAT(read.error().message, HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    All, MalformedSchedule,
    testing::Values(Malformed{"0 spill a 0 1\n0.1 spill a 0\n", "x.weave:2: an answer has 5 words"},
                    Malformed{"0 spill a 0 1 1\n", "found 6"},
                    Malformed{"\n\n0. spill a 0 1\n", "x.weave:3: \"0.\" is no path of an actor"},
                    Malformed{"1 spill a 0 1\n", "\"1\" is no path"},
                    Malformed{"0 spill a; 0 1\n", "\"a;\" is no name of a site"},
                    Malformed{"0.0 spill a 0 1\n", "\"0.0\" is no path"},
                    Malformed{"0.01 spill a 0 1\n", "\"0.01\" is no path"},
                    Malformed{"0..1 spill a 0 1\n", "\"0..1\" is no path"},
                    Malformed{
                        "0 spil a 0 1\n",
                        "x.weave:1: \"spil\" is no kind of question (did you mean \"spill\"?)"},
                    Malformed{"0 spill a -1 1\n", "\"-1\" is no count"},
                    Malformed{"0 spill a 4294967296 1\n", "is no count"},
                    Malformed{"0 spill a 0 0\n", "the ordinary one"},
                    Malformed{"0 spill a 0 x\n", "\"x\" is no answer"},
                    Malformed{"0 spill a 0 4294967296\n", "is no answer"},
                    Malformed{"0 run a 0 1\n", "`run` is answered with the actor"},
                    Malformed{"0 spill a 0 1\n# c\n0 spill a 0 1\n",
                              "x.weave:3: this question was already answered in line 1"},
                    Malformed{"0 spill a 0 1\nhello\n", "x.weave:2: expected an answer"},
                    Malformed{"0 spill a\x01 0 1\n", "x.weave:1: found the control byte 1"}));

TEST(Schedule, RefusesNamesThatAreTooLong) {
  const auto site = parse_schedule("0 spill " + std::string(257, 'a') + " 0 1\n", "f");
  ASSERT_FALSE(site);
  EXPECT_THAT(site.error().message, HasSubstr("name of the site has 257 bytes"));
  std::string path = "0";
  for (int i = 0; i < 1000; ++i) path += ".1";
  EXPECT_FALSE(parse_schedule(path + " spill a 0 1\n", "f"));
}

}  // namespace
}  // namespace reweave
