// Defects and profiles by name; and every row of settings.def through all that it is good for.
#include "runtime/vocabulary/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace reweave::runtime {
namespace {

using testing::HasSubstr;

TEST(DefectNames, AreReadBack) {
  DefectSet all;
  for (const DefectInfo& info : all_defects()) {
    const auto one = parse_defects(info.name);
    ASSERT_TRUE(one.has_value());
    EXPECT_TRUE(one->has(info.defect));
    EXPECT_EQ(defect_names(*one), info.name);
    EXPECT_STRNE(info.date, "");
    EXPECT_STRNE(info.origin, "");
    EXPECT_STRNE(info.cause, "");
    EXPECT_STRNE(info.symptom, "");
    all.add(info.defect);
  }
  EXPECT_GE(all_defects().size(), 4u);
  EXPECT_EQ(*parse_defects(defect_names(all)), all);
  EXPECT_TRUE(parse_defects("")->empty());
  EXPECT_EQ(defect_names({}), "");
}

TEST(DefectNames, AnUnknownNameIsAnErrorThatHelps) {
  const auto wrong = parse_defects("post-switch-clear,spill-drops-tempva");
  ASSERT_FALSE(wrong.has_value());
  EXPECT_THAT(wrong.error().message, HasSubstr("\"spill-drops-tempva\""));
  EXPECT_THAT(wrong.error().message, HasSubstr("spill-drops-tempval"));
}

TEST(Profiles, AreTheBuildsOfTheTable) {
  using enum Defect;
  const auto defects = [](const char* name) { return *profile_defects(name); };
  EXPECT_TRUE(defects("fixed").empty());
  EXPECT_EQ(defects("stackless-2012-A"), DefectSet().add(kPostSwitchClear).add(kSpillDropsTempval));
  EXPECT_EQ(defects("stackless-2012-X"), DefectSet().add(kSpillDropsTempval));
  EXPECT_EQ(defects("stackless-2012-Y"), DefectSet().add(kPostSwitchClear).add(kSpillExplodesBomb));
  EXPECT_EQ(defects("stackless-2012-B"), DefectSet().add(kSpillExplodesBomb));
  EXPECT_TRUE(defects("stackless-2012-C").empty());
  const auto wrong = profile_defects("stackless-2012-D");
  ASSERT_FALSE(wrong.has_value());
  EXPECT_THAT(wrong.error().message, HasSubstr("stackless-2012-"));
}

/// A value that is not the initial one.
std::string another_value(const SettingInfo& info) {
  switch (info.type) {
    case SettingType::kOnOff:
      return info.initial == 0 ? "on" : "off";
    case SettingType::kNumber:
      return std::to_string(info.initial == info.high ? info.low : info.high);
    case SettingType::kChoice:
      return std::string(info.choices.substr(info.choices.rfind(' ') + 1));
    case SettingType::kText:
      return all_defects().front().name;
  }
  return "";
}

TEST(Settings, OfTheStructAreTheInitialOnesOfTheTable) {
  EXPECT_EQ(values_of(Settings()), SettingValues(setting_rows()));
}

TEST(Settings, EveryRowIsAFieldAndALineOfAFile) {
  const SettingValues initial(setting_rows());
  std::set<std::string> seen = {initial.lines("")};
  for (const SettingInfo& info : setting_rows()) {
    SCOPED_TRACE(info.word);
    EXPECT_NE(info.help, "");
    EXPECT_EQ(initial.lines("").find("\n" + std::string(info.word) + " ") == std::string::npos,
              info.only_if_changed || &info == &setting_rows().front());
    SettingValues values = initial;
    const std::string value = another_value(info);
    ASSERT_TRUE(values.set(info.word, value).has_value());
    EXPECT_EQ(values.text(info.word), value);
    EXPECT_EQ(values_of(settings_of(values)), values) << "the field does not keep it";
    EXPECT_TRUE(seen.insert(values.lines("")).second) << "two settings with one text";
    EXPECT_THAT(values.lines(""), HasSubstr(std::string(info.word) + " " + value + "\n"));
    if (info.type == SettingType::kNumber) {
      EXPECT_FALSE(values.set(info.word, std::to_string(info.high + 1)).has_value());
      EXPECT_FALSE(values.set(info.word, std::to_string(info.low - 1)).has_value());
    }
    EXPECT_FALSE(values.set(info.word, "nonsense").has_value());
    EXPECT_EQ(values.text(info.word), value) << "what is refused changes nothing";
  }
}

TEST(Settings, FlagsThatStandForSeveralSetAll) {
  const auto after = [](std::string_view name, std::string_view value) {
    SettingValues values(setting_rows());
    for (const SettingFlag& flag : setting_flags()) {
      if (flag.name != name) continue;
      EXPECT_TRUE(flag.apply(value, values).has_value());
    }
    return settings_of(values);
  };
  EXPECT_TRUE(after("specification", "on").check_specification);
  EXPECT_FALSE(after("specification", "on").only_specification);
  EXPECT_TRUE(after("specification", "alone").only_specification);
  EXPECT_TRUE(after("collect", "check").collect);
  EXPECT_TRUE(after("collect", "check").check_collections);
  EXPECT_FALSE(after("collect", "on").check_collections);
  EXPECT_EQ(after("profile", "stackless-2012-B").defects,
            DefectSet().add(Defect::kSpillExplodesBomb));
}

}  // namespace
}  // namespace reweave::runtime
