#include "repro/campaign/repro_facts.h"

#include <gtest/gtest.h>

#include "repro/campaign/good_turing.h"
#include "tests/repro/testing.h"

namespace reweave::repro {
namespace {

ReproFacts facts(const std::string& text, const std::string& name = "a.weave") {
  const Expected<ReproFacts> read = facts_of(text, name);
  EXPECT_TRUE(read.has_value()) << (read ? "" : read.error().message);
  return read ? *read : ReproFacts{};
}

TEST(ReproFacts, AreReadFromTheTextOfAnyKindOfSubject) {
  const ReproFacts read = facts(
      "weave 1\nsubject stars\nstar sun\nschedule\n  0 run x 0 1\n  1 run y 0 1\nend\n"
      "verdict\n  finding deadlock step 3 deadlock  a   b # comment\n"
      "  finding deadlock step 4 deadlock a b\n  finding leak step 5 leak c\n  trace 0\nend\n");
  EXPECT_EQ(read.answers, 2u);
  EXPECT_EQ(read.signatures, (std::vector<std::string>{"deadlock a b", "leak c"}));
}

TEST(ReproFacts, OfWhatIsNoReproAreAnError) {
  EXPECT_FALSE(facts_of("", "x.weave").has_value());
  EXPECT_FALSE(facts_of("weave", "x.weave").has_value());
  EXPECT_FALSE(facts_of(std::string("weave 1\n\0", 9), "x.weave").has_value());
  EXPECT_TRUE(facts("weave 1\nfunction main\nend\n").signatures.empty());
}

TEST(ReproFacts, TheBetterOfTwoShowsTheSignatureFirstThenIsSmaller) {
  const ReproFacts later{.name = "a", .signatures = {"x", "y"}, .answers = 0};
  const ReproFacts first{.name = "b", .signatures = {"y"}, .answers = 9};
  const ReproFacts small{.name = "c", .signatures = {"y"}, .answers = 3};
  EXPECT_TRUE(is_better(first, later, "y"));
  EXPECT_TRUE(is_better(small, first, "y"));
  EXPECT_FALSE(is_better(small, small, "y"));
  // `later` stays: nothing else shows x.
  EXPECT_EQ(kept({later, first, small}), (std::vector<ReproFacts>{later, small}));
}

TEST(GoodTuring, SaysHowRarelySomethingNewIsToBeExpected) {
  const Leftover left = leftover({{"a", 1}, {"b", 1}, {"c", 7}}, 1'000);
  EXPECT_EQ(left.one_in(), 500u);
  EXPECT_NE(left.text().find("about one of 500"), std::string::npos) << left.text();
  EXPECT_NE(leftover({{"c", 7}}, 1'000).text().find("less than one of 1,000"), std::string::npos);
  EXPECT_NE(leftover({}, 0).text().find("nothing can be said"), std::string::npos);
}

}  // namespace
}  // namespace reweave::repro
