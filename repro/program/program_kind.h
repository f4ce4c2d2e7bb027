// The kind `program`: a C or C++ program, unmodified, named by its command line.
//
//   subject program
//   command ./queue_test --threads 2
//
// The tool reads and writes such files, but cannot run their subjects: run_elsewhere() starts the
// program with libreweave_program in it, where this kind exists again, with subjects that run. So
// every command of the tool works the same for programs.
//
// A word of the command line stands in the file as it is, but for blanks, '%', a leading '#' and
// control characters, which are written as %20 and the like. The program is looked up as a shell
// would: with a slash in its name relative to the working directory, else on PATH.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "scheduler/strategy/strategies.h"
#include "scheduler/subject_kind.h"

namespace reweave::repro {

/// A program with its arguments. This one cannot run: whoever calls run() is outside the program.
class ProgramSubject : public Subject {
 public:
  explicit ProgramSubject(std::vector<std::string> words) : words_(std::move(words)) {}

  /// argv: the program first.
  std::vector<std::string> arguments() const override { return words_; }
  std::string text() const override;

  void run(Execution& execution) override;
  std::string site_name(SiteId site) const override;
  std::optional<SiteId> find_site(std::string_view name) const override;
  std::string describe(const Event& event) const override;

 private:
  std::vector<std::string> words_;
};

/// Makes a subject that runs, in the process of the program itself.
using MakeSubject = std::unique_ptr<Subject> (*)(std::vector<std::string> words);

class ProgramKind final : public SubjectKind {
 public:
  /// `make`: null on the tool's side.
  explicit ProgramKind(MakeSubject make = nullptr) : make_(make) {}

  std::string_view name() const override { return "program"; }
  std::string_view help() const override {
    return "C and C++ programs with threads, unmodified: `hunt -- PROGRAM ARGUMENTS`";
  }
  std::string_view noun() const override { return "program"; }
  std::span<const std::string_view> first_words() const override;
  Expected<std::unique_ptr<Subject>> read(LineReader& lines) const override;
  std::span<const SettingInfo> settings() const override;
  bool is_compiled() const override { return true; }
  std::string_view default_strategy() const override { return kProgramStrategy; }
  std::string_view arguments() const override { return "PROGRAM ARGUMENTS"; }
  Expected<std::unique_ptr<Subject>> from_arguments(
      std::span<const std::string> words) const override;
  std::optional<int> run_elsewhere(const Subject& subject, std::span<const std::string> words,
                                   std::string* output) const override;

 private:
  MakeSubject make_;
};

/// The settings of programs, and of bodies in them; they live for ever.
std::span<const SettingInfo> program_settings();

/// The one of the tool.
const SubjectKind& program_kind();

/// A word as a file has it, and back; nothing if it is no such word.
std::string escape_word(std::string_view word);
std::optional<std::string> unescape_word(std::string_view escaped);

}  // namespace reweave::repro
