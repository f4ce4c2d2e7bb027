#include "repro/command/quantity.h"

#include <gtest/gtest.h>

namespace reweave::repro {
namespace {

TEST(Decimal, IsReadExactlyOrNotAtAll) {
  EXPECT_EQ(parse_decimal("0"), 0u);
  EXPECT_EQ(parse_decimal("1_000_000"), 1'000'000u);
  EXPECT_EQ(parse_decimal("1e6"), 1'000'000u);
  EXPECT_EQ(parse_decimal("2.5e6"), 2'500'000u);
  EXPECT_EQ(parse_decimal("0.10e1"), 1u);
  EXPECT_EQ(parse_decimal("18446744073709551615"), UINT64_MAX);
  for (const char* const word :
       {"", "-1", "1.5", "1e", "e6", "1e-3", "1__0", "_1", "1_", "1.", ".5", "1e99",
        "18446744073709551616", "1e6x", " 1", "0x10", "1e100"}) {
    EXPECT_EQ(parse_decimal(word), std::nullopt) << word;
  }
}

TEST(Milliseconds, HaveUnitsAndFractions) {
  EXPECT_EQ(parse_milliseconds("90"), 90'000u);
  EXPECT_EQ(parse_milliseconds("0.5"), 500u);
  EXPECT_EQ(parse_milliseconds("1.5m"), 90'000u);
  EXPECT_EQ(parse_milliseconds("2h"), 7'200'000u);
  EXPECT_EQ(parse_milliseconds("250ms"), 250u);
  EXPECT_EQ(parse_milliseconds("3s"), 3000u);
  for (const char* const word : {"", "s", "1d", "0.0001", "1.5ms", "1 s", "-1s"})
    EXPECT_EQ(parse_milliseconds(word), std::nullopt) << word;
}

}  // namespace
}  // namespace reweave::repro
