#include "runtime/language/operations_help.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "runtime/language/scenario.h"

namespace reweave::runtime {
namespace {

using ::testing::HasSubstr;

// REWEAVE_UPDATE_GOLDEN=1 ctest --preset release -R HelpPage
TEST(HelpPage, IsCurrent) {
  const char* path = OPERATIONS_PAGE;
  if (std::getenv("REWEAVE_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path, std::ios::binary) << operations_page();
  }
  std::stringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  EXPECT_EQ(text.str(), operations_page())
      << "renew it: REWEAVE_UPDATE_GOLDEN=1 ctest --preset release -R HelpPage";
}

TEST(Help, ListsEveryOperationAndArgument) {
  const std::string help = operations_help();
  for (int code = 0; code < op_count(); ++code) {
    const OpInfo& info = op_info(static_cast<OpCode>(code));
    EXPECT_THAT(help, HasSubstr(std::string("\n  ") + info.word + " ")) << info.word;
    EXPECT_THAT(help, HasSubstr(info.help));
  }
  EXPECT_THAT(help, HasSubstr("\n  weakref SLOT FUNCTION "));
  EXPECT_THAT(help, HasSubstr("\n  finally … then … end "));
  EXPECT_THAT(help, HasSubstr("\n  SLOT|- "));
}

TEST(Help, FitsATerminal) {
  std::stringstream lines(operations_help());
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(line.size(), 102u) << line;  // Bytes; "…" has three and one column.
  }
}

}  // namespace
}  // namespace reweave::runtime
