// What a command found, told to people and to programs.
//
// Every finding ends with commands: to reproduce it, to explain it, to open a debugger at its step,
// to keep it as a regression test, to renew that test once mended. The JSON form is one object
// on one line, versioned by `schema` (report.schema.json); fields are added, never changed, within
// a version. Nothing here reads clocks or files: the same report gives the same bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "repro/report/lingering_report.h"
#include "repro/report/place.h"
#include "repro/report/terminal.h"
#include "scheduler/finding.h"
#include "scheduler/schedule.h"

namespace reweave::repro {

enum class Format { kText, kJson, kJunit, kGithub, kMarkdown, kSarif };
std::optional<Format> find_format(std::string_view word);

struct Report {
  static constexpr int kSchema = 1;

  std::string command{};  // "hunt", "replay", "shrink".
  std::string file{};     // What it was given, as it was named.
  std::string program = "reweave";
  std::string subject{};            // The name of its kind; "" if there is none.
  std::string verdict{};            // JSON: in place of "clean", where that would say too much.
  std::string headline{};           // Text form only: one line for people, "" to have one made.
  bool can_shrink = false;          // Nobody has made it smaller yet.
  std::string repro{};              // The file that repeats the finding; "" if there is none.
  std::string not_written{};        // Why that file could not be written, or "".
  std::string repro_text{};         // Then: what it would hold, so that nothing is lost.
  std::vector<Finding> findings{};  // In order; the first gives kind and signature.
  std::vector<std::vector<Place>> places{};  // Of each finding, where they are known.
  std::uint64_t executions = 0;
  /// Of a search: how many of the executions were different.
  struct Distinct {
    std::uint64_t executions = 0;
    bool is_exact = true;  // False: an estimate.
  };
  std::optional<Distinct> distinct{};
  double seconds = 0;
  std::uint64_t steps = 0;  // Of the reported execution.
  std::optional<std::uint64_t> trace_hash{};
  std::optional<Schedule> schedule{};
  std::vector<std::string> notes{};                  // One sentence each, for people and programs.
  std::vector<std::string> log{};                    // The event log, if it was asked for.
  std::optional<std::vector<Lingered>> lingering{};  // If it was asked for.
  std::vector<std::pair<std::string, std::string>>
      facts{};  // What else it takes to repeat it: seed, strategy, …

  bool clean() const { return findings.empty(); }
};

/// For `check`: one repro and how it did.
struct CheckedCase {
  std::string file{};
  int line = 0;  // Where in the file, if a line is to blame.
  bool passed = false;
  bool is_error = false;                  // It could not be judged: it cannot be read, for example.
  std::string title = "another verdict";  // What is wrong, if not passed.
  std::string message{};                  // Why not; if passed: what --update changed, or "".
  std::string note{};                     // What disturbed it at first, a sentence; or "".
  std::vector<std::string> next{};        // What to do about it: lines, what for and a command.
  double seconds = 0;
  std::optional<Finding> finding{};
  std::optional<std::uint64_t> trace_hash{};
};
struct CheckReport {
  struct Skipped {
    std::string why{};
    std::vector<std::string> files{};
  };
  std::vector<CheckedCase> cases{};
  std::vector<Skipped> skipped{};  // One for each reason.
  double seconds = 0;
  std::string interrupted_by{};  // "SIGINT", "--seconds 5", or "".
  std::string signal{};          // "SIGINT", "SIGALRM", or "".
  std::size_t left = 0;          // Then: so many files were not looked at.

  std::size_t passed() const;
  std::size_t failed() const;  // Without the errors.
  std::size_t errors() const;
  std::size_t skipped_files() const;
  void skip(std::string_view why, const std::string& file);
};

/// Ends with a newline. kJunit is for CheckReport only.
std::string render(const Report& report, Format format, const Terminal& terminal);
std::string render(const CheckReport& report, Format format, const Terminal& terminal);

/// The only case of a report of `check` in its JSON form, as another process rendered it; none if
/// that is no such text. Its line and its time are not in it.
std::optional<CheckedCase> read_checked_case(std::string_view json);

/// What an object says that is there in place of a report, "error"; none if it is no such object.
std::optional<std::string> read_error(std::string_view json);

/// What is appended to the file that GITHUB_STEP_SUMMARY names: Markdown.
std::string github_summary(const CheckReport& report);
std::string github_summary(const Report& report);

/// The commands of a finding, as words for a POSIX shell.
struct FindingCommands {
  std::string reproduce{};
  std::string explain{};
  std::string shrink{};
  std::string debug{};
  std::string regression_test{};
  std::string mended{};  // Keeps that nothing is found.
};
FindingCommands finding_commands(std::string_view program, std::string_view repro,
                                 std::uint64_t step);

}  // namespace reweave::repro
