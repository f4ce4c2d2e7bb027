// The text format of all files, `*.weave`: a subject; in a repro settings, schedule and verdict.
//
//   weave 1                       # always the first line: the format's version
//   subject tasklets              # optional: the kind of the subject; tasklets if it is not there
//   settings                      # optional; what is not said has its default
//     switching soft
//     defects post-switch-clear,spill-drops-tempval
//   end
//   channel c                     # the subject, as its kind writes it: for tasklets a scenario,
//   function main                 # see runtime/language/text.h
//     send c
//   end
//   schedule                      # optional; the answers that were not ordinary: see schedule.h
//     0.1  spill  callback.2  0  1
//   end
//   verdict                       # optional; what this execution must give, whole
//     finding lost-value step 12 lost-value spill receiver.1
//     result receive 0.1 receiver.1 None
//     trace 0123456789abcdef
//   end
//
// A file is data: it can neither run code nor exhaust the machine. The reader rejects whatever it
// does not know, with file, line, what was found and what to do; there is a limit on every count.
// Reading what was written gives the same; what was read and is written again has all settings, in
// one order.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/interpreter/tasklet_kind.h"
#include "scheduler/base/expected.h"
#include "scheduler/execution.h"
#include "scheduler/schedule.h"
#include "scheduler/setting.h"
#include "scheduler/subject_kind.h"

namespace reweave::repro {

/// A finding as a verdict states it; its message is for people and may be reworded without breaking
/// repros.
struct StatedFinding {
  FindingKind kind{};
  std::uint64_t step = 0;
  std::string signature{};  // Words with single blanks between them.
  bool operator==(const StatedFinding&) const = default;
};

/// What an execution gave: findings in order, then what each receive returned, then the trace hash.
struct Verdict {
  static constexpr std::size_t kFindingsMax = 100, kResultsMax = 20'000;
  std::vector<StatedFinding> findings{};
  std::vector<std::string> results{};         // Words with single blanks between them.
  std::optional<std::uint64_t> trace_hash{};  // None if the process died before it was known.
  bool operator==(const Verdict&) const = default;
  bool clean() const { return findings.empty(); }
};

/// The verdict of an execution with these findings and results; texts are brought into the form of
/// the file.
Verdict verdict_of(const std::vector<Finding>& findings, const std::vector<std::string>& results,
                   std::optional<std::uint64_t> trace_hash);

/// One line: what the first difference between two verdicts is; "" for equal ones. Where the
/// subject is compiled (SubjectKind::is_compiled()) steps and trace hashes are not compared.
std::string difference(const Verdict& expected, const Verdict& found, bool is_compiled = false);

/// A value: a copy has a subject of its own, read from the text of the other one's.
class WeaveFile {
 public:
  static constexpr int kVersion = 1;  // Readers refuse every other one.
  static constexpr std::string_view kExtension = ".weave";
  /// The kind of a file that names none.
  static constexpr std::string_view kDefaultKind = "tasklets";

  /// Without a subject: only to be assigned to.
  WeaveFile() = default;
  /// `kind` lives for ever and has made `subject`, which is configured with `settings`.
  WeaveFile(const SubjectKind& kind, std::unique_ptr<Subject> subject, SettingValues settings);
  WeaveFile(const WeaveFile& other);
  WeaveFile(WeaveFile&&) = default;
  WeaveFile& operator=(const WeaveFile& other);
  WeaveFile& operator=(WeaveFile&&) = default;
  ~WeaveFile() = default;

  const SubjectKind& kind() const { return *kind_; }
  /// Under its settings; lives until the file is changed.
  const Subject& subject() const { return *subject_; }
  const SettingValues& settings() const { return settings_; }
  Limits limits() const { return settings_.limits(); }

  /// Another one of the same kind, for example a reduction; the settings are put over its own.
  void set_subject(std::unique_ptr<Subject> subject);
  void set_settings(SettingValues settings);

  /// A subject of one's own that does the same, for running: independent of the file.
  std::unique_ptr<Subject> make_subject() const;

  std::optional<Schedule> schedule{};
  std::optional<Verdict> verdict{};

  /// False: an execution whose first finding is a livelock shows nothing. So it is with an input of
  /// a fuzz target, whose program nobody wrote, and which may well be one that never ends.
  bool livelock_counts = true;

  /// The text that it was read from, or "": write_with_comments() keeps its comments.
  std::string source{};

  /// Written by hand: it has neither schedule nor verdict, and its settings are what somebody
  /// thought of. A repro states all of its settings.
  bool is_by_hand() const { return !schedule && !verdict; }
  /// The text that it was read from says something about that setting.
  bool states(std::string_view word) const {
    return std::find(stated_.begin(), stated_.end(), word) != stated_.end();
  }

  void set_stated(std::vector<std::string> words) { stated_ = std::move(words); }

 private:
  const SubjectKind* kind_ = nullptr;
  std::unique_ptr<Subject> subject_;
  SettingValues settings_;
  std::vector<std::string> stated_;  // Words of settings.
};

/// `name` is the file's, for errors; `kinds` are those that it may be about.
Expected<WeaveFile> read_weave(std::string_view text, std::string_view name,
                               Kinds kinds = runtime::tasklet_kinds());

/// The canonical text.
std::string write_weave(const WeaveFile& file);
/// The same with the comments of `file.source`, of which it is what is left (with_comments_of()).
std::string write_with_comments(const WeaveFile& file);

/// The text of a file that read_weave() takes, with this verdict in place of its own, or behind all
/// else if it has none. Nothing outside of the verdict changes, and within it the comments and the
/// lines that still hold stay as they are; a comment behind a line that says something else now
/// stays behind it.
std::string with_verdict(std::string_view text, const Verdict& verdict);

/// The same for the schedule, of a text that has one.
std::string with_schedule(std::string_view text, const Schedule& schedule);

}  // namespace reweave::repro
