// Every command on the page runtime/doc/posts.md: it runs, it ends as the page says, and prints
// what the page promises.
//
// In a block ```console each line that begins with `$ reweave` is a command; behind it may stand
// `# exit N`, else it must exit with 0. The other lines are what it printed: in a block
// ```console exact they must be lines of its output, in that order; `…` stands for lines left out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "repro/run/process.h"

namespace reweave::quality {
namespace {

struct PageCommand {
  int line = 0;
  std::string words;  // Behind "reweave ".
  int exit_code = 0;
  std::vector<std::string> lines{};  // Of its output, in order; only where they are exact.
};

std::vector<PageCommand> commands_of(std::istream& page) {
  constexpr std::string_view kPrompt = "$ reweave ", kExit = "  # exit ";
  std::vector<PageCommand> commands;
  bool inside = false, exact = false;
  std::string line;
  for (int number = 1; std::getline(page, line); ++number) {
    if (line.rfind("```", 0) == 0) {
      inside = !inside && line.rfind("```console", 0) == 0;
      exact = inside && line == "```console exact";
    } else if (inside && line.rfind(kPrompt, 0) == 0) {
      PageCommand command{.line = number, .words = line.substr(kPrompt.size())};
      if (const std::size_t at = command.words.find(kExit); at != std::string::npos) {
        command.exit_code = std::stoi(command.words.substr(at + kExit.size()));
        command.words.resize(at);
      }
      commands.push_back(command);
    } else if (exact && !commands.empty() && line != "…" && !line.empty()) {
      commands.back().lines.push_back(line);
    }
  }
  return commands;
}

/// The first of `wanted` that is not a line of `output` behind those before it; "" if all are.
std::string missing_line(const std::vector<std::string>& wanted, const std::string& output) {
  std::istringstream lines(output);
  std::string line;
  for (const std::string& each : wanted) {
    do {
      if (!std::getline(lines, line)) return each;
    } while (line != each);
  }
  return "";
}

TEST(PostsPage, CommandsAreReadWithExitCodesAndExactLines) {
  std::istringstream page(
      "text\n$ reweave no\n```console\n$ reweave a b\nloose\n```\n```console exact\n"
      "$ reweave c  # exit 1\none\n…\n\ntwo\n```\n```\n$ reweave neither\n```\n");
  const std::vector<PageCommand> commands = commands_of(page);
  ASSERT_EQ(commands.size(), 2u);
  EXPECT_EQ(commands[0].words, "a b");
  EXPECT_EQ(commands[0].exit_code, 0);
  EXPECT_TRUE(commands[0].lines.empty());
  EXPECT_EQ(commands[1].words, "c");
  EXPECT_EQ(commands[1].exit_code, 1);
  EXPECT_THAT(commands[1].lines, testing::ElementsAre("one", "two"));
  EXPECT_EQ(missing_line(commands[1].lines, "zero\none\nx\ntwo\n"), "");
  EXPECT_EQ(missing_line(commands[1].lines, "two\none\n"), "two");
}

class CommandOfPage : public testing::TestWithParam<PageCommand> {};

std::vector<PageCommand> commands_on_page() {
  std::ifstream page(REWEAVE_SOURCE "/runtime/doc/posts.md");
  return commands_of(page);
}

TEST_P(CommandOfPage, DoesWhatThePageSays) {
  const PageCommand& command = GetParam();
  std::string tool = repro::shell_word(REWEAVE_TOOL);
  if (*REWEAVE_EMULATOR != '\0') tool = repro::shell_word(REWEAVE_EMULATOR) + " " + tool;
  const std::string script =
      "cd " + repro::shell_word(REWEAVE_SOURCE) + " && exec " + tool + " " + command.words;
  const repro::ProcessResult result =
      repro::run_process({"/bin/sh", "-c", script}, {.environment = {}, .timeout_ms = 300'000});
  SCOPED_TRACE("posts.md:" + std::to_string(command.line) + ": reweave " + command.words);
  ASSERT_EQ(result.end, repro::ProcessResult::End::kExited) << result.output;
  EXPECT_EQ(result.code, command.exit_code) << result.output;
  EXPECT_EQ(missing_line(command.lines, result.output), "") << "in\n" << result.output;
}

INSTANTIATE_TEST_SUITE_P(Posts, CommandOfPage, testing::ValuesIn(commands_on_page()),
                         [](const testing::TestParamInfo<PageCommand>& command) {
                           return "line_" + std::to_string(command.param.line);
                         });

}  // namespace
}  // namespace reweave::quality
