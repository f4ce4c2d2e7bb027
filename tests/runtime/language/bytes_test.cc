#include "runtime/language/bytes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "runtime/language/generator.h"
#include "tests/runtime/language/wild.h"

namespace reweave::runtime {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes encoded(const Scenario& scenario) {
  Bytes bytes;
  encode_scenario(scenario, bytes);
  return bytes;
}

/// Decodes a body, giving it the length it needs.
std::string decoded_text(const Bytes& body) {
  Bytes bytes{static_cast<std::uint8_t>(body.size())};
  bytes.insert(bytes.end(), body.begin(), body.end());
  Scenario scenario;
  EXPECT_EQ(decode_scenario(bytes, scenario), bytes.size());
  return write_scenario(scenario);
}

std::uint8_t code(OpCode op) { return static_cast<std::uint8_t>(op); }

TEST(Bytes, AreThoseOfTheExampleInTheHeader) {
  const Scenario scenario =
      scenario_of("channel c0\nfunction main\nrecv c0\nrec 200 f1\nend\nfunction f1\nend\n");
  const Bytes example{0x0c, 0x01, 0x01, 0x00, 0x00, 0x0d, 0x00, 0x16, 0x81, 0x48, 0x02, 0x00, 0x00};
  EXPECT_EQ(encoded(scenario), example);
  Scenario decoded;
  EXPECT_EQ(decode_scenario(example, decoded), example.size());
  EXPECT_EQ(decoded, scenario);
}

TEST(Bytes, KeepLabels) {
  const Scenario scenario =
      scenario_of("function main\n sched\n 300: sched\n sched\n 2: try\n end\nend\n");
  Scenario decoded;
  decode_scenario(encoded(scenario), decoded);
  EXPECT_EQ(decoded, scenario);
}

TEST(Bytes, SayWhereTheScenarioEnds) {
  Bytes bytes = encoded(scenario_of("channel c0\nfunction main\nsend c0\nend\n"));
  const std::size_t own = bytes.size();
  bytes.insert(bytes.end(), {1, 2, 3, 4});
  Scenario decoded;
  EXPECT_EQ(decode_scenario(bytes, decoded), own);
  EXPECT_EQ(decoded.functions[0].ops.size(), 1u);
}

TEST(Bytes, OfNothingAreAnEmptyMain) {
  Scenario decoded;
  EXPECT_EQ(decode_scenario({}, decoded), 0u);
  EXPECT_EQ(write_scenario(decoded), "function main\nend\n");
}

TEST(Bytes, CloseWhatIsOpen) {
  EXPECT_EQ(decoded_text({0, 0, 0, 0, code(OpCode::kFinally), code(OpCode::kTry)}),
            "function main\n  finally\n    try\n    end\n  then\n  end\nend\n");
}

TEST(Bytes, LeaveOutWhatCannotStand) {
  // A `then` in a try, a channel where there is none, a slot that may be left out, a main to call.
  EXPECT_EQ(decoded_text({0, 0, 0, 0, code(OpCode::kTry), code(OpCode::kThen), code(OpCode::kSend),
                          9, code(OpCode::kSpawn), 9, 9, code(OpCode::kEnd)}),
            "function main\n  try\n    spawn main -\n  end\nend\n");
}

TEST(Bytes, GiveALabelThatIsUsedAlreadyAnotherOne) {
  const std::uint8_t labelled = code(OpCode::kSched) | 0x80;
  EXPECT_EQ(decoded_text({0, 0, 0, 0, labelled, 5, labelled, 5, labelled, 2, labelled, 5}),
            "function main\n  5: sched\n  sched\n  2: sched\n  sched\nend\n");
}

TEST(Bytes, LeaveCanariesOutUnlessTheyAreAllowed) {
  const Scenario scenario = scenario_of("function main\n sched\n canary hang\nend\n");
  const Bytes bytes = encoded(scenario);
  Scenario decoded;
  decode_scenario(bytes, decoded);
  EXPECT_EQ(write_scenario(decoded), "function main\n  sched\nend\n");
  ScenarioDecoder({.canaries = true}).decode(bytes, decoded);
  EXPECT_EQ(decoded, scenario);
}

TEST(Bytes, StayBelowTheCeilings) {
  Bytes bytes{0x80 | 0x7f, 0x80 | 0x7f, 0x7f, 63, 64, 64, 0x82, 0x00};
  for (int i = 0; i < 3000; ++i)
    bytes.push_back(code(i % 3 == 0 ? OpCode::kFinally : OpCode::kTry));
  Scenario decoded;
  EXPECT_EQ(decode_scenario(bytes, decoded), bytes.size());
  EXPECT_EQ(decoded.functions.size(), Scenario::kFunctionsMax);
  EXPECT_EQ(decoded.channels.size(), Scenario::kChannelsMax);
  EXPECT_EQ(decoded.words.size(), Scenario::kWordsMax);
  Scenario linked = decoded;
  EXPECT_TRUE(link(linked).has_value());
  EXPECT_EQ(linked, decoded);

  Bytes long_main(2100, code(OpCode::kSched));
  const Bytes head{0x90, 0x34, 0, 0, 0, 0};
  std::copy(head.begin(), head.end(), long_main.begin());
  decode_scenario(long_main, decoded);
  EXPECT_EQ(decoded.functions[0].ops.size(), Scenario::kOpsPerFunctionMax);
  EXPECT_TRUE(link(decoded).has_value());
}

TEST(Bytes, HoldTheLargestScenarioThereIs) {
  Scenario scenario;
  for (std::size_t i = 0; i < Scenario::kFunctionsMax; ++i) {
    Function function{i == 0 ? "main" : "f" + std::to_string(i), {}};
    for (std::size_t n = 0; n < Scenario::kOpsPerFunctionMax; ++n) {
      const auto label = static_cast<std::uint16_t>(UINT16_MAX - n);
      function.ops.push_back({.code = OpCode::kRec, .label = label, .args = {9999, 63, 0}});
    }
    scenario.functions.push_back(std::move(function));
  }
  for (std::size_t i = 0; i < Scenario::kWordsMax; ++i) {
    scenario.words.push_back("w" + std::to_string(i));
  }
  ASSERT_TRUE(link(scenario).has_value());
  Scenario decoded;
  const Bytes bytes = encoded(scenario);
  EXPECT_EQ(decode_scenario(bytes, decoded), bytes.size());
  EXPECT_TRUE(decoded == scenario);
}

TEST(Bytes, OfAGeneratedScenarioGiveItBackWithItsNames) {
  ScenarioDecoder decoder;
  Scenario scenario, decoded;
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    Prng prng(seed);
    generate_scenario(prng, {}, scenario);
    const Bytes bytes = encoded(scenario);
    ASSERT_EQ(decoder.decode(bytes, decoded), bytes.size());
    ASSERT_EQ(decoded, scenario) << write_scenario(scenario);
  }
}

}  // namespace
}  // namespace reweave::runtime
