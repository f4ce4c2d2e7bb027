// What the subcommands are given: files, raw artefacts of libFuzzer, and flags that change
// settings.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "repro/command/command_line.h"
#include "repro/file/weave_file.h"
#include "repro/run/runner.h"

namespace reweave::repro {

/// --defects, --profile, --switching, …: settings put over those of a file.
class SettingsFlags {
 public:
  void add(CLI::App& app);
  bool any() const;
  Expected<runtime::Settings> apply(runtime::Settings base) const;
  /// The flags again, as words of a command line.
  std::vector<std::string> words() const;

 private:
  std::optional<std::string> defects_;
  std::optional<std::string> profile_;
  std::optional<std::string> switching_;
  std::optional<std::uint32_t> spill_levels_;
  std::optional<std::string> specification_;
  std::optional<std::string> structure_;
  std::optional<std::string> fail_allocations_;
  std::optional<std::string> collect_;
  std::optional<std::string> zombie_frames_;
  std::optional<std::uint32_t> free_frames_max_;
};

/// A file named on the command line, and --target.
struct InputFlags {
  std::string file;
  std::string target;  // Name of a fuzz target, or "".

  void add(CLI::App& app, const char* help);
};

/// Reads a `.weave`, or with --target the raw input of a fuzz target, whose plan is turned into a
/// schedule by running it once in a child of `runner`. Settings of the flags are put over those of
/// the file.
Expected<WeaveFile> load_input(const InputFlags& input, const SettingsFlags& settings,
                               Runner& runner);

}  // namespace reweave::repro
