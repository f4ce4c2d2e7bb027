#include "repro/bench/dict_bench.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/repro/cli.h"

namespace reweave::repro {
namespace {

using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

std::vector<std::size_t> column(std::size_t tuning) {
  return dict_bytes(post_tunings()[tuning].tuning, kPostLayout, 19);
}

// What the post prints, for 0 to 19 entries.
constexpr std::size_t kPostDefault[] = {148, 148, 148, 148, 148, 148, 532, 532, 532, 532,
                                        532, 532, 532, 532, 532, 532, 532, 532, 532, 532};
constexpr std::size_t kPostTuned[] = {64,  88,  112, 160, 160, 160, 256, 256, 256, 256,
                                      256, 256, 448, 448, 448, 448, 448, 448, 448, 448};
// What its snippet does.
constexpr std::size_t kSnippet[] = {64,  88,  112, 112, 160, 160, 160, 256, 256, 256,
                                    256, 256, 256, 448, 448, 448, 448, 448, 448, 448};

TEST(DictBench, BytesAreThoseOfThePost) {
  EXPECT_THAT(column(0), ElementsAreArray(kPostDefault));
  EXPECT_THAT(column(1), ElementsAreArray(kSnippet));
  EXPECT_THAT(column(2), ElementsAreArray(kPostTuned));
  EXPECT_THAT(column(3), ElementsAreArray(kPostTuned));
}

using DictBenchCli = Cli;

TEST_F(DictBenchCli, OneColumnForEachTuningAndLayout) {
  const nlohmann::json json = run_json({"bench", "dict", "--entries-max", "100", "--quiet"}, 0);
  EXPECT_EQ(json["bytes"]["rows"].size(), 20u);
  EXPECT_EQ(json["bytes"]["columns"].size(), 1 + 2 * post_tunings().size());
  EXPECT_EQ(json["bytes"]["rows"][6][1], 532);
  EXPECT_EQ(json["rows"].size(), 2 * swept_tunings().size());
  EXPECT_EQ(json["columns"].size(), json["rows"][0].size());
}

TEST_F(DictBenchCli, APictureThatCannotBeWrittenIsSaidBeforeTheWork) {
  EXPECT_EQ(run({"bench", "dict", "--plot", path("no/such/x.svg"), "--quiet"}, 74),
            "reweave bench dict: " + path("no/such/x.svg") +
                ": cannot be written: No such file or directory\n");
}

TEST(DictBench, ThePlotHasAllPanels) {
  DictTimes times;
  std::vector<DictTimes> all;
  for (times.entries = 10; times.entries <= 1000; times.entries *= 10) {
    times.insert_ns = times.hit_ns = times.miss_ns = 5;
    times.bytes = times.bytes_max = times.entries * 50;
    all.push_back(times);
  }
  const std::string svg = dict_plot(all);
  for (const char* title : {"insert", "hit", "miss", "bytes for an entry", "32 bits"})
    EXPECT_THAT(svg, HasSubstr(title));
  EXPECT_THAT(svg, ::testing::Not(HasSubstr("nan")));
}

}  // namespace
}  // namespace reweave::repro
