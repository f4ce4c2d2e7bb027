// What the tests of this folder share: files of corpora/, hunts as the tool makes them, and one
// execution of a file.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "repro/file/tasklet_file.h"
#include "repro/file/workdir.h"
#include "repro/run/runner.h"
#include "scheduler/execution.h"
#include "scheduler/search/explore.h"
#include "scheduler/search/recording.h"
#include "scheduler/strategy/strategies.h"

namespace reweave::quality {

/// "scenarios/blog.weave" and the like, as a path.
inline std::string corpus_path(const std::string& name) { return REWEAVE_CORPORA "/" + name; }

/// A file of corpora/, read whole.
inline repro::WeaveFile corpus_file(const std::string& name) {
  const Expected<std::string> text = repro::read_file(corpus_path(name));
  EXPECT_TRUE(text.has_value()) << (text ? "" : text.error().message);
  const Expected<repro::WeaveFile> file = repro::read_weave(text ? *text : "", name);
  EXPECT_TRUE(file.has_value()) << (file ? "" : file.error().message);
  return file ? *file : repro::WeaveFile{};
}

/// The same with other defects; "" for none.
inline repro::WeaveFile with_defects(repro::WeaveFile file, const std::string& defects) {
  const Expected<runtime::DefectSet> set = runtime::parse_defects(defects);
  EXPECT_TRUE(set.has_value()) << (set ? "" : set.error().message);
  if (!set) return file;
  runtime::Settings settings = settings_of(file);
  settings.defects = *set;
  set_settings(file, settings);
  return file;
}

inline constexpr const char* kBothHalves = "post-switch-clear,spill-drops-tempval";

/// As `reweave hunt --seed SEED --executions N` does it, in this process.
inline Exploration hunt(const repro::WeaveFile& file, std::uint64_t seed,
                        std::uint64_t executions_max) {
  const std::unique_ptr<Subject> subject = file.make_subject();
  const std::unique_ptr<Strategy> strategy = std::move(make_strategy(kDefaultStrategy)).value();
  return explore(*subject, *strategy,
                 {.budget = {.executions = executions_max, .seconds = 0},
                  .seed = seed,
                  .limits = file.limits()});
}

/// The file with the schedule that a hunt found.
inline repro::WeaveFile with_found(repro::WeaveFile file, const Found& found) {
  const std::unique_ptr<Subject> subject = file.make_subject();
  Expected<Schedule> schedule = record(*subject, found.answers, file.limits());
  EXPECT_TRUE(schedule.has_value()) << (schedule ? "" : schedule.error().message);
  if (schedule) file.schedule = std::move(schedule).value();
  return file;
}

/// The signatures of all findings, in order.
inline std::vector<std::string> signatures(const std::vector<Finding>& findings) {
  std::vector<std::string> all;
  for (const Finding& finding : findings) all.push_back(finding.signature);
  return all;
}

}  // namespace reweave::quality
