#include "repro/report/place.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "repro/report/sarif.h"

namespace reweave::repro {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kText = R"(weave 1
# a comment
channel data
function main      # main.1 is on line 5
  spawn sender -
  loop 3
    recv data
  end
  7: emit done
  bal data
end
function sender

  send data
end
schedule
  0 run main.1 0 0.1
end
)";

TEST(Place, OfASiteIsTheLineOfItsOperation) {
  EXPECT_EQ(line_of_site(kText, "main"), 4);
  EXPECT_EQ(line_of_site(kText, "main.1"), 5);
  EXPECT_EQ(line_of_site(kText, "main.3"), 7);
  EXPECT_EQ(line_of_site(kText, "main.7"), 9);
  EXPECT_EQ(line_of_site(kText, "main.8"), 10);
  EXPECT_EQ(line_of_site(kText, "sender.1"), 14);
  EXPECT_EQ(line_of_site(kText, "main.4"), 0);
  EXPECT_EQ(line_of_site(kText, "nobody.1"), 0);
  EXPECT_EQ(line_of_site("", "main.1"), 0);
}

Finding finding(FindingKind kind, std::string message) {
  return {.kind = kind, .step = 1, .signature = "s", .message = std::move(message)};
}

TEST(Place, ToBlameIsTheLastOneThatTheMessageNamesButTheFirstOfADeadlock) {
  const std::string message = "v1, sent by 0.1 at sender.1 in step 2, was destroyed at main.3.";
  const auto lost = places_of(finding(FindingKind::kLostValue, message), "a.weave", kText);
  EXPECT_THAT(lost, ElementsAre(Place{"a.weave", 7, "main.3"}, Place{"a.weave", 14, "sender.1"}));
  const auto stuck = places_of(finding(FindingKind::kDeadlock, message), "a.weave", kText);
  EXPECT_THAT(stuck, ElementsAre(Place{"a.weave", 14, "sender.1"}, Place{"a.weave", 7, "main.3"}));
}

TEST(Place, OfAProgramIsALineOfItsSource) {
  const auto places = places_of(finding(FindingKind::kDeadlock,
                                        "No thread can go on:\n  thread 0.1 waits, at Slot::put "
                                        "(src/slot.cc:9)\n  thread 0.4, at take (slot.cc:x)"),
                                "p.weave", "");
  EXPECT_THAT(places, ElementsAre(Place{"src/slot.cc", 9, "Slot::put"}));
}

TEST(Sarif, HasEachRuleOnceAndUrisThatAreNone) {
  Report report{.command = "hunt", .file = "a.weave", .repro = "my findings/ü.weave"};
  report.findings = {finding(FindingKind::kLeak, "one"), finding(FindingKind::kLeak, "two")};
  const nlohmann::json json = nlohmann::json::parse(sarif_text(report));
  const nlohmann::json& run = json.at("runs").at(0);
  EXPECT_EQ(run.at("tool").at("driver").at("rules").size(), 1u);
  EXPECT_EQ(run.at("results").size(), 2u);
  EXPECT_EQ(run.at("results")[1]
                .at("locations")[0]
                .at("physicalLocation")
                .at("artifactLocation")
                .at("uri"),
            "my%20findings/%C3%BC.weave");
  EXPECT_EQ(nlohmann::json::parse(sarif_text(Report{.command = "hunt", .file = "a"}))
                .at("runs")
                .at(0)
                .at("results")
                .size(),
            0u);
}

TEST(Sarif, KnowsWhatEachKindOfFindingMeans) {
  for (int kind = 0; kind < kFindingKindCount; ++kind)
    EXPECT_FALSE(finding_help(static_cast<FindingKind>(kind)).empty()) << kind;
}

}  // namespace
}  // namespace reweave::repro
