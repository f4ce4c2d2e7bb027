#include "scheduler/setting.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scheduler/subject_kind.h"

namespace reweave {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Expected<std::string> without_q(std::string_view value) {
  if (value.find('q') != std::string_view::npos) return Error{"no q, please"};
  return std::string(value.empty() ? "nothing" : value);
}

constexpr SettingInfo kRows[] = {
    {.word = "colour", .type = SettingType::kChoice, .choices = "red green blue", .help = "c"},
    {.word = "name", .type = SettingType::kText, .help = "n", .canonical = without_q},
    {.word = "steps-max", .type = SettingType::kNumber, .initial = 9, .low = 1, .high = 10},
    {.word = "loud-mode", .only_if_changed = true, .flag = "loud"}};

TEST(SettingValues, HaveTheLimitsBehindTheRowsUnlessAmongThem) {
  EXPECT_EQ(SettingValues(kRows).lines("  "),
            "  colour red\n  name nothing\n  steps-max 9\n  questions-max 100000\n"
            "  actors-max 10000\n");
  EXPECT_EQ(SettingValues(kRows).limits().steps_max, 9u);
  EXPECT_EQ(SettingValues().limits().steps_max, Limits().steps_max);
}

TEST(SettingValues, TakeWhatTheRowAllowsAndSayWhatThatIs) {
  SettingValues values(kRows);
  EXPECT_TRUE(values.set("colour", "blue").has_value());
  EXPECT_EQ(values.number("colour"), 2);
  EXPECT_EQ(values.set("colour", "pink").error().message, "say red, green or blue");
  EXPECT_EQ(values.set("steps-max", "11").error().message, "say a number from 1 to 10");
  EXPECT_EQ(values.set("loud-mode", "1").error().message, "say on or off");
  EXPECT_EQ(values.set("name", "q").error().message, "no q, please");
  EXPECT_THAT(values.unknown("color").message, HasSubstr("did you mean"));
  EXPECT_TRUE(values.set("loud-mode", "on").has_value());
  EXPECT_THAT(values.lines(""), HasSubstr("loud-mode on\n"));
}

TEST(SettingValues, DifferWhereOneValueDiffers) {
  SettingValues a(kRows), b(kRows);
  EXPECT_EQ(a, b);
  b.assign("name", "x");
  EXPECT_FALSE(a == b);
}

TEST(EnvironmentName, IsTheWordInCapitals) {
  EXPECT_EQ(environment_name("spill-levels"), "REWEAVE_SPILL_LEVELS");
}

class Kind final : public SubjectKind {
 public:
  std::string_view name() const override { return "kind"; }
  std::string_view help() const override { return ""; }
  std::span<const std::string_view> first_words() const override { return {}; }
  Expected<std::unique_ptr<Subject>> read(LineReader&) const override { return Error{"no"}; }
  std::span<const SettingInfo> settings() const override { return kRows; }
  std::span<const SettingFlag> flags() const override {
    static constexpr SettingFlag kFlags[] = {
        {.name = "colour", .apply = [](std::string_view, SettingValues& values) {
           values.assign("colour", "green");
           return ok();
         }}};
    return kFlags;
  }
};

TEST(FlagNames, AreEachOnceAndFlagsGoBeforeSettings) {
  const Kind kind;
  std::vector<std::string_view> names;
  for (const FlagName& name : flag_names(kind)) names.push_back(name.name);
  EXPECT_THAT(names, ElementsAre("colour", "name", "steps-max", "loud", "loud-mode",
                                 "questions-max", "actors-max", "memory-max"));
  SettingValues values(kRows);
  EXPECT_TRUE(set_flag(flag_names(kind)[0], "anything", values).has_value());
  EXPECT_EQ(values.text("colour"), "green");
}

TEST(FindKind, ListsWhatThereIs) {
  const Kind kind;
  const SubjectKind* const kinds[] = {&kind};
  EXPECT_EQ(*find_kind(kinds, "kind"), &kind);
  EXPECT_THAT(find_kind(kinds, "knid").error().message, HasSubstr("did you mean \"kind\""));
}

}  // namespace
}  // namespace reweave
