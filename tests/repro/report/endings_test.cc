#include "repro/report/endings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reweave::repro {
namespace {

TEST(EndingsDeathTest, OfEachKindSayWhatWasFound) {
  for (int index = 0; index < kFindingKindCount; ++index) {
    Finding finding;
    finding.kind = static_cast<FindingKind>(index);
    finding.signature = "who where";
    const std::string kind = finding_kind_name(finding.kind);
    EXPECT_DEATH(end_with(finding), "SUMMARY: reweave: " + kind + ": who where\n");
  }
}

TEST(EndingsDeathTest, OfAReaderNameItAndTheBrokenPromise) {
  EXPECT_DEATH(end_with(Broken::kReadsAnotherValue, "weave_reader", "is another"),
               "SUMMARY: reweave: weave_reader: is another\n");
}

}  // namespace
}  // namespace reweave::repro
