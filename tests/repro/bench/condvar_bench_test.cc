// `reweave bench condvar`, as users meet it.
#include <map>

#include "tests/repro/cli.h"

namespace reweave::repro {
namespace {

using nlohmann::json;

using BenchCondvar = Cli;

/// Rows by the time of the notify.
std::map<int, json> rows_of(const json& report) {
  std::map<int, json> rows;
  for (const json& row : report.at("rows")) rows[row.at(0).get<int>()] = row;
  return rows;
}

// It looks at 0, 1, 3, 7, 15, 31, 63, 113, 163 … ms.
TEST_F(BenchCondvar, ThePollingOneWakesWhenItLooksNext) {
  const json report = run_json({"bench", "condvar"}, 0);
  EXPECT_EQ(report.at("schema"), 1);
  const auto rows = rows_of(report);
  EXPECT_EQ(rows.at(0), json({0, 1'000, 0, 0, 0}));
  EXPECT_EQ(rows.at(500), json({500, 500, 0, 0, 0}));
  EXPECT_EQ(rows.at(2'000), json({2'000, 1'000, 1, 0, 0}));
  EXPECT_EQ(rows.at(63'000), json({63'000, 0, 5, 0, 0}));
  EXPECT_EQ(rows.at(63'001), json({63'001, 49'999, 6, 0, 0}));
  EXPECT_EQ(rows.at(200'000), json({200'000, 13'000, 8, 0, 0}));
  EXPECT_EQ(rows.at(1'000'000), json({1'000'000, 13'000, 24, 0, 0}));
}

TEST_F(BenchCondvar, TheWorstCaseIsFiftyMillisecondsAgainstNone) {
  const json report = run_json({"bench", "condvar"}, 0);
  std::uint64_t sum = 0;
  for (const json& row : report.at("rows")) {
    sum += row.at(1).get<std::uint64_t>();
    EXPECT_LE(row.at(1), 50'000);
    EXPECT_EQ(row.at(3), 0);
  }
  const json& polling = report.at("summary").at("polling");
  EXPECT_EQ(polling.at("latency_us_max"), 49'999);
  EXPECT_NEAR(polling.at("latency_us_average").get<double>(),
              static_cast<double>(sum) / static_cast<double>(report.at("rows").size()), 1e-6);
  EXPECT_EQ(polling.at("wasted_max"), 24);
  const json& timed = report.at("summary").at("timed");
  EXPECT_EQ(timed.at("latency_us_max"), 0);
  EXPECT_EQ(timed.at("latency_us_average"), 0.0);
  EXPECT_EQ(timed.at("wasted_max"), 0);
}

TEST_F(BenchCondvar, SweepsEvenlyIfAskedTo) {
  const json report = run_json({"bench", "condvar", "--every", "250000"}, 0);
  EXPECT_EQ(rows_of(report).size(), 5u);
  EXPECT_EQ(rows_of(report).at(250'000), json({250'000, 13'000, 9, 0, 0}));
}

TEST_F(BenchCondvar, PrintsTheSameEveryTime) {
  const std::string text = run({"bench", "condvar"}, 0);
  EXPECT_EQ(run({"bench", "condvar"}, 0), text);
  EXPECT_THAT(text, testing::HasSubstr("maximum       49.999 ms        24        0.000 ms"));
}

}  // namespace
}  // namespace reweave::repro
