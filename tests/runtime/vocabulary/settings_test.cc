// Defects and profiles by name, and the fingerprint of settings.
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

TEST(Settings, DifferInTheirFingerprintWhereAnExecutionMayDiffer) {
  std::set<std::uint64_t> seen;
  const auto add = [&seen](auto change) {
    Settings settings;
    change(settings);
    EXPECT_TRUE(seen.insert(settings.fingerprint()).second);
    EXPECT_EQ(settings.fingerprint(), Settings(settings).fingerprint());
  };
  add([](Settings&) {});
  add([](Settings& settings) { settings.switching = Switching::kHard; });
  add([](Settings& settings) { settings.spill_levels = 26; });
  add([](Settings& settings) { settings.zombie_frames = false; });
  add([](Settings& settings) { settings.free_frames_max = 0; });
  add([](Settings& settings) { settings.report_deadlock = true; });
  add([](Settings& settings) { settings.check_structure = true; });
  add([](Settings& settings) { settings.check_census = false; });
  add([](Settings& settings) { settings.limits.steps_max = 7; });
  for (const DefectInfo& info : all_defects()) {
    add([&](Settings& settings) { settings.defects.add(info.defect); });
  }
}

}  // namespace
}  // namespace reweave::runtime
