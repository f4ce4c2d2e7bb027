// Spawns the tool in a folder of its own.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "repro/run/process.h"
#include "tests/repro/testing.h"

namespace reweave::repro {

class Cli : public testing::Test {
 protected:
  using Words = std::vector<std::string>;

  /// The program that is spawned.
  virtual std::string tool() const { return REWEAVE_TOOL; }

  /// Runs `reweave WORDS` with both its streams in one; expects that it exits by itself.
  std::string run(const Words& words, int expected_code, const Words& environment = {}) const {
    const ProcessResult result = spawn(words, environment);
    EXPECT_EQ(result.end, ProcessResult::End::kExited) << "died of " << result.code << "\n"
                                                       << result.output;
    EXPECT_EQ(result.code, expected_code) << result.output;
    return without_progress(result.output);
  }

  /// Without "hunt: 1,200 of 100,000 executions, 10 s, 120/s", which comes where a machine is slow.
  static std::string without_progress(const std::string& output) {
    std::string rest;
    for (std::size_t begin = 0, end; begin < output.size(); begin = end) {
      end = std::min(output.find('\n', begin), output.size() - 1) + 1;
      const std::string line = output.substr(begin, end - begin);
      const bool is_progress = line.ends_with("/s\n") && line.find(" s, ") != std::string::npos;
      if (!is_progress) rest += line;
    }
    return rest;
  }

  /// The same with --format=json; without anything on standard error it is one object on one line.
  nlohmann::json run_json(Words words, int expected_code) const {
    words.insert(std::find(words.begin(), words.end(), "--"), "--format=json");
    const std::string output = run(words, expected_code);
    EXPECT_EQ(std::count(output.begin(), output.end(), '\n'), 1) << output;
    const nlohmann::json object = nlohmann::json::parse(output, nullptr, false);
    EXPECT_TRUE(object.is_object()) << output;
    return object;
  }

  ProcessResult spawn(const Words& words, const Words& environment = {}) const {
    Words argv;
    if (*REWEAVE_EMULATOR != '\0') argv.emplace_back(REWEAVE_EMULATOR);
    argv.push_back(tool());
    argv.insert(argv.end(), words.begin(), words.end());
    ProcessOptions options{.environment = environment, .timeout_ms = 120'000};
    return run_process(argv, options);
  }

  std::string path(const std::string& name) const { return folder_.path(name); }
  std::string write(const std::string& name, const std::string& content) const {
    return folder_.write(name, content);
  }

  /// Hunts `text` until a finding; the path of the repro.
  std::string hunted(const std::string& text) const {
    const nlohmann::json report = run_json(
        {"hunt", write("scenario.weave", text), "--output", path("found"), "--hang-ms", "1000"}, 1);
    return report.value("repro", "");
  }

  TemporaryFolder folder_;
};

}  // namespace reweave::repro
