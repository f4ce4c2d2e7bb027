// A kind of subject: how a second, a third and a stranger's own sort of subject enters.
//
// Files, runner, reports, shrinker, hunts and the command line know kinds, never one class. A kind
// is a name, a reader, a table of settings and a factory. A `.weave` says which kind it is about in
// one line, `subject NAME`; without it, it is about tasklets. Whoever writes a kind derives a
// Subject (subject.h) and a SubjectKind, registers it, and links reweave::main:
//
//   class Counters final : public Subject { … };           // what runs, and its text()
//   class CountersKind final : public SubjectKind { … };   // reads what text() wrote
//   const CountersKind kind;
//   const RegisteredKind registered(kind);                 // `hunt`, `replay`, `shrink`, `check`
//
// Guarantee that a kind gives: read() makes of text() a subject that does the same, site names
// included. tests/repro/toy_kind.cc is a whole one in some hundred lines.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scheduler/base/expected.h"
#include "scheduler/base/line_reader.h"
#include "scheduler/setting.h"
#include "scheduler/subject.h"

namespace reweave {

class SubjectKind {
 public:
  virtual ~SubjectKind() = default;

  /// The word after `subject` in a file: small letters and dashes, the same for ever.
  virtual std::string_view name() const = 0;
  /// One line for `help subjects`, without a full stop.
  virtual std::string_view help() const = 0;
  /// What its text is called in messages: "scenario".
  virtual std::string_view noun() const { return "subject"; }
  /// What Subject::item_count() counts: "operation".
  virtual std::string_view item_noun() const { return "item"; }

  /// The words that the first line of its text may begin with; none is a word of the file format
  /// (`weave`, `subject`, `settings`, `schedule`, `verdict`).
  virtual std::span<const std::string_view> first_words() const = 0;
  /// Reads a subject from its first line on, up to the line that ends it, which is put back; see
  /// next_of_subject(). An error says file, line, what was found and what to do.
  virtual Expected<std::unique_ptr<Subject>> read(LineReader& lines) const = 0;

  /// Its settings; the limits are added by themselves where they are not among them. Rows live for
  /// ever.
  virtual std::span<const SettingInfo> settings() const { return {}; }
  /// Flags that stand for several settings. They live for ever.
  virtual std::span<const SettingFlag> flags() const { return {}; }

  /// Words of on/off settings that are on where a subject is run that has no verdict yet, as people
  /// write it, unless its file or a flag says otherwise: findings that came later than the first
  /// files, whose settings are whole. They live for ever.
  virtual std::span<const std::string_view> on_by_hand() const { return {}; }

  /// What may follow `--` on a command line, "PROGRAM ARGUMENTS"; "": nothing, there must be a
  /// file.
  virtual std::string_view arguments() const { return {}; }
  /// A subject made of the words after `--`. Called only if arguments() says something.
  virtual Expected<std::unique_ptr<Subject>> from_arguments(
      std::span<const std::string> words) const;

  /// For a kind whose subjects live in a process of their own, with its own main(): starts it,
  /// hands it `words` (the whole command: "replay", "found.weave", …), waits, and returns its exit
  /// code. There the same command runs, and this is not called again. Nothing: the subject runs
  /// here. With `output` the command's standard output goes there instead of to ours.
  virtual std::optional<int> run_elsewhere(const Subject&, std::span<const std::string> /*words*/,
                                           std::string* /*output*/ = nullptr) const {
    return std::nullopt;
  }

  /// What a hunt uses that names no strategy (strategy/strategies.h); "": what most kinds use.
  virtual std::string_view default_strategy() const { return {}; }

  /// True: steps and trace hashes of a verdict are those of one build of the subject, which its
  /// users change and compile again, so that `check` compares what was found and not them.
  virtual bool is_compiled() const { return false; }

  /// Why this build cannot show what a file with these settings states, "only a build with …"; ""
  /// if it can.
  virtual std::string_view cannot_show(const SettingValues&) const { return {}; }
};

/// All kinds that somebody knows; the first one that takes arguments gets those after `--`.
using Kinds = std::span<const SubjectKind* const>;

/// The kind of that name; the error lists what there is.
Expected<const SubjectKind*> find_kind(Kinds kinds, std::string_view name);

/// The names by which flags, and variables of the environment, set something of a kind: its flags,
/// then its settings, which have two names where they say so. None twice.
struct FlagName {
  std::string_view name{};            // Without dashes.
  const SettingFlag* flag = nullptr;  // What it sets: one of these two.
  const SettingInfo* setting = nullptr;
  bool in_help = false;  // `COMMAND --help` shows it.
};
std::vector<FlagName> flag_names(const SubjectKind& kind);

/// Sets it. The error says what may be said: "say on or off".
Status set_flag(const FlagName& name, std::string_view value, SettingValues& values);

/// Moves to the next line of a subject's text. False at its end: a line `schedule` or `verdict`,
/// which is put back, or the end of the file. For SubjectKind::read().
bool next_of_subject(LineReader& lines);

/// Makes a kind known to reweave::main, by an object with static lifetime; `kind` lives as long.
/// It belongs into an object file of the program itself: a linker may leave a library's out.
class RegisteredKind {
 public:
  explicit RegisteredKind(const SubjectKind& kind);
  RegisteredKind(const RegisteredKind&) = delete;
  RegisteredKind& operator=(const RegisteredKind&) = delete;
};
/// All of them, by name; whichever file registers first.
Kinds registered_kinds();

}  // namespace reweave
