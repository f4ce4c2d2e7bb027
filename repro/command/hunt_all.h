// `hunt --keep-going`: a hunt that goes on after a finding, and lists all signatures at its end.
//
// Each new signature is replayed, shrunk if wanted, written as a repro, and confirmed by `check` in
// a process of its own, at once: a kill at any moment loses nothing that was written before.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "repro/command/command_line.h"
#include "repro/file/weave_file.h"
#include "repro/report/stopwatch.h"
#include "repro/run/runner.h"
#include "scheduler/search/explore.h"
#include "scheduler/strategy/strategy.h"

namespace reweave::repro {

struct HuntAll {
  std::string name;      // Of what is hunted.
  std::string strategy;  // As it is named.
  std::string output;    // Folder for repros.
  bool shrink = false;
  std::vector<std::string> known{};  // Files and folders of repros whose signatures are masked.
  std::uint64_t hang_ms = 0;
  /// What else it takes to repeat the hunt, in the order in which it is shown.
  std::vector<std::pair<std::string, std::string>> facts{};
  /// What execution n runs; it has neither schedule nor verdict.
  std::function<WeaveFile(std::uint64_t)> file_of{};
};

/// Runs it and prints the list; the exit code.
int hunt_all(const CommandLine& line, const HuntAll& hunt, Subject& subject,
             std::span<Strategy* const> strategies, const ExploreOptions& options, Runner& runner,
             Progress& progress);

}  // namespace reweave::repro
