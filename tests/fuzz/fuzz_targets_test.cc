// The lists of fuzz targets are the same everywhere: in the build, in the tables, in corpora/, and
// on the pages that say what there is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "fuzz/readers.h"
#include "repro/file/raw_input.h"

namespace reweave::fuzz {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAreArray;
using testing::HasSubstr;

std::vector<std::string> listed(const char* list) {
  std::istringstream words(list);
  std::vector<std::string> all;
  for (std::string word; words >> word;) all.push_back(word);
  return all;
}

std::vector<std::string> scenario_targets() {
  std::vector<std::string> names;
  for (const repro::FuzzTarget& target : repro::fuzz_targets()) names.emplace_back(target.name);
  return names;
}

std::vector<std::string> reader_targets() {
  std::vector<std::string> names;
  for (const Reader& reader : readers()) names.emplace_back(reader.name);
  return names;
}

std::string content_of(const std::string& path) {
  std::ifstream file(std::string(REWEAVE_SOURCE_DIR "/") + path);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

TEST(FuzzTargetLists, OfTheBuildAreTheTables) {
  EXPECT_THAT(listed(REWEAVE_SCENARIO_TARGETS), ElementsAreArray(scenario_targets()));
  EXPECT_THAT(listed(REWEAVE_READER_TARGETS), ElementsAreArray(reader_targets()));
}

TEST(FuzzTargetLists, OfTheRoomsPageAreTheTables) {
  const std::string page = content_of("fuzz/README.md");
  for (const repro::FuzzTarget& target : repro::fuzz_targets()) {
    const std::string row = "| `" + std::string(target.name) + "` | " + std::string(target.help);
    EXPECT_THAT(page, HasSubstr(row));
  }
  for (const Reader& reader : readers()) {
    const std::string row = "| `" + std::string(reader.name) + "` | " + std::string(reader.help);
    EXPECT_THAT(page, HasSubstr(row));
  }
}

// The script that runs them all for as long as one likes.
TEST(FuzzTargetLists, OfTheCampaignAreTheTables) {
  std::string line = "targets=(";
  for (const std::string& name : scenario_targets()) line += name + " ";
  line.back() = ')';
  EXPECT_THAT(content_of("tests/fuzz/campaign"), HasSubstr("\n" + line + "\n"));
}

// A folder of nobody would be a corpus that nothing runs.
TEST(FuzzTargetLists, OfTheCorporaAreTheTables) {
  std::vector<std::string> all = scenario_targets();
  for (const std::string& name : reader_targets()) all.push_back(name);
  for (const auto& entry : fs::directory_iterator(REWEAVE_SOURCE_DIR "/corpora/fuzz"))
    EXPECT_THAT(all, testing::Contains(entry.path().filename().string()));
  for (const std::string& name : scenario_targets()) {
    const std::string seeds = REWEAVE_SOURCE_DIR "/corpora/fuzz/" + name + "/seeds";
    EXPECT_FALSE(fs::is_empty(seeds)) << seeds;
  }
}

}  // namespace
}  // namespace reweave::fuzz
