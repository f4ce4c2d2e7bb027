// Reads the flags of one subcommand, the same way in all of them.
//
// --help leads with examples and ends with the exit codes. An unknown flag names the nearest one;
// whatever is wrong is one line on standard error and exit code 2.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "repro/command/command.h"
#include "repro/report/report.h"
#include "repro/report/terminal.h"
#include "scheduler/base/expected.h"

namespace reweave::repro {

class CommandLine {
 public:
  /// `examples`: whole command lines, one on a line. `exit_codes`: "0 clean, 1 a finding".
  CommandLine(std::string_view name, std::string_view summary, std::string_view examples,
              std::string_view exit_codes);

  /// For add_option() and add_flag().
  CLI::App& app() { return app_; }

  /// Adds --format with these words, the first being the default, and --quiet.
  void add_output_flags(std::initializer_list<std::string_view> formats);
  Format format() const;
  bool quiet() const { return quiet_; }
  const Terminal& terminal() const { return terminal_; }

  /// Adds --seconds, after which Interrupts says so. Not for hunts, which have a budget.
  void limit_time();

  /// Words after `--` are the subject's, not flags; see subject_words(). `help`: what they are.
  void take_subject_words(std::string_view help);
  const Arguments& subject_words() const { return subject_words_; }

  /// True: go on. False: return `exit_code()` at once; help or an error has been shown.
  [[nodiscard]] bool parse(const Arguments& arguments);
  int exit_code() const { return exit_code_; }

  /// Shows "TOOL NAME: MESSAGE"; it goes on.
  void warn(std::string_view message) const;
  /// After a signal (Interrupts), by a command whose output does not say so.
  void warn_interrupted() const;
  /// The same at the end: returns `code`. With --format there is a document of that form on
  /// standard output, too, so it is called once.
  int fail(std::string_view message, int code = kExitUsage) const;
  int fail(const Error& error, int code = kExitUsage) const { return fail(error.message, code); }
  /// After a signal, or when its time was over (Interrupts), by a command that has nothing to tell.
  int fail_interrupted() const;

 private:
  std::string flag_trouble(const std::string& word) const;
  std::string value_trouble(const std::string& word) const;

  std::string name_;
  CLI::App app_;
  Terminal terminal_ = Terminal::detect();
  std::vector<std::string> formats_;
  std::string format_ = "text";
  bool quiet_ = false;
  std::optional<Format> wanted_;  // Known before the other flags are.
  bool takes_subject_words_ = false;
  Arguments subject_words_;
  int exit_code_ = 0;
};

/// Checks that a flag is a whole number in [low, high]: CLI11 itself takes "-1" for a large one.
CLI::Validator whole_number(std::uint64_t low = 0, std::uint64_t high = UINT64_MAX);

/// Adds --hang-ms.
void add_hang_flag(CLI::App& app, std::uint64_t& hang_ms);

/// An error as programs read it: one object, on one line.
std::string error_object(std::string_view command, std::string_view message, int code);
/// Writes it to standard output. Returns `code`.
int print_error_object(std::string_view command, std::string_view message, int code);

/// Appends it to the file that GITHUB_STEP_SUMMARY names, if the format is `github`.
void append_github_summary(const CommandLine& line, std::string_view text);

/// Writes to standard output, whole; the exit code `code`, or kExitOutput if that was not possible.
int print_and_return(std::string_view text, int code);

}  // namespace reweave::repro
