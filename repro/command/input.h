// What the subcommands are given: files, words after `--`, raw artefacts of libFuzzer, and flags
// that change settings.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "repro/command/command_line.h"
#include "repro/file/weave_file.h"
#include "repro/run/runner.h"

namespace reweave::repro {

/// --defects, --profile, --switching, …: settings put over those of a file. Which flags there are
/// say the tables of the kinds: every setting is a flag; --help shows those that it is told to.
class SettingsFlags {
 public:
  void add(CLI::App& app, Kinds kinds);
  bool any() const;
  /// Whether the flag of that setting was given.
  bool names(std::string_view setting) const;
  /// `values` are of a subject of that kind. The error says what may be said, or that the kind has
  /// no such setting.
  Expected<SettingValues> apply(const SubjectKind& kind, SettingValues values) const;
  /// The flags again, as words of a command line.
  std::vector<std::string> words() const;

 private:
  struct Flag {
    std::string name;  // Without dashes.
    std::optional<std::string> value{};
  };
  const Flag* find(std::string_view name) const;

  std::deque<Flag> flags_;  // The parser keeps pointers into it.
};

/// A file named on the command line, or a subject's own words, and --target.
struct InputFlags {
  std::string file;
  std::string target;  // Name of a fuzz target, or "".

  void add(CLI::App& app, const char* help, Kinds kinds);
};

/// Reads a `.weave`, or with --target the raw input of a fuzz target, whose plan is turned into a
/// schedule by running it once in a child of `runner`. Settings of the flags are put over those of
/// the file; what is written by hand has those on that its kind wants (SubjectKind::on_by_hand()).
Expected<WeaveFile> load_input(const InputFlags& input, const SettingsFlags& settings,
                               Runner& runner, Kinds kinds);

/// The places of each finding, in the text of `file` where it is one of a scenario.
std::vector<std::vector<Place>> places_of(const std::vector<Finding>& findings,
                                          const std::string& file);

/// The first kind that makes subjects of words after `--`; null if none does.
const SubjectKind* kind_with_arguments(Kinds kinds);

/// A file of the subject that this kind makes of `words`.
Expected<WeaveFile> load_words(const SubjectKind& kind, const Arguments& words,
                               const SettingsFlags& settings);

/// Where the subject lives in a process of its own: runs the whole command there; its exit code.
/// With `output` its standard output goes there.
std::optional<int> run_elsewhere(const WeaveFile& file, std::string_view command,
                                 const Arguments& arguments, std::string* output = nullptr);

}  // namespace reweave::repro
