#include "repro/file/raw_input.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/language/text.h"
#include "tests/repro/testing.h"

namespace reweave::repro {
namespace {

TEST(FuzzCase, ComesBackFromItsBytes) {
  FuzzCase original;
  original.scenario = scenario_of(parse(kLostValue));
  runtime::set_implied_names(original.scenario);
  original.plan.seed = 7;
  original.plan.items.push_back(
      {.kind = QuestionKind::kSpill, .position = 3, .nth = 1, .answer = 0});
  std::vector<std::uint8_t> bytes;
  encode_fuzz_case(original, bytes);
  FuzzCase decoded;
  runtime::ScenarioDecoder decoder;
  decode_fuzz_case(bytes, decoder, decoded);
  EXPECT_EQ(runtime::write_scenario(decoded.scenario), runtime::write_scenario(original.scenario));
  EXPECT_EQ(decoded.plan, original.plan);
}

TEST(FuzzCase, NoBytesAreACaseToo) {
  FuzzCase decoded;
  runtime::ScenarioDecoder decoder;
  decode_fuzz_case({}, decoder, decoded);
  EXPECT_FALSE(decoded.scenario.functions.empty());
  EXPECT_TRUE(decoded.plan.items.empty());
}

TEST(FuzzTargets, AreFoundByEitherName) {
  EXPECT_EQ((*find_fuzz_target("tempval"))->name, "tempval");
  EXPECT_EQ((*find_fuzz_target("frames_fuzzer"))->name, "frames");
  EXPECT_THAT(find_fuzz_target("tempvalue").error().message, testing::HasSubstr("did you mean"));
}

TEST(Artefacts, AreKnownByTheirNames) {
  EXPECT_TRUE(looks_like_artefact("out/crash-0123"));
  EXPECT_TRUE(looks_like_artefact("slow-unit-0123"));
  EXPECT_FALSE(looks_like_artefact("crash-dir/found.weave"));
}

}  // namespace
}  // namespace reweave::repro
