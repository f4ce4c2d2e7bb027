// The one place that knows paths: where repros are written, what they are called, how files are
// read; how they are written is in writing.h.
//
// A file gets the name of its content without comments, and appears whole or not at all. So a kill
// at any moment loses nothing that was there, two writers of one content agree, and merging two
// folders is copying one over the other; of two that differ in comments alone the later one stays.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "repro/file/weave_file.h"
#include "repro/file/writing.h"
#include "scheduler/base/expected.h"
#include "scheduler/finding.h"

namespace reweave::repro {

/// The whole of a file. Refuses folders, devices and more than `bytes_max`; "-" is standard input,
/// which can be read more than once.
Expected<std::string> read_file(const std::string& path, std::size_t bytes_max = 4u << 20);

/// "-", or a name that the system has for the same.
bool is_standard_input(std::string_view path);
/// What read_file() has read of it; none: nothing so far.
const std::optional<std::string>& read_standard_input();
/// What read_file() shall give for it: it was read by another process.
void set_standard_input(std::string content);

/// 16 hexadecimal digits that name a content; the same in every build.
std::string content_name(std::string_view content);

class Workdir {
 public:
  /// Nothing is touched before the first write.
  explicit Workdir(std::string root) : root_(std::move(root)) {}

  const std::string& root() const { return root_; }

  /// Could a repro be written now?
  Status try_to_write() const { return try_to_write_folder(root_); }

  /// ROOT/KIND-CONTENTNAME.weave, where `kind` is a plain word that tells a person what is in it.
  std::string repro_path(std::string_view kind, std::string_view content) const;

  /// Writes a repro under its name, creating the root if need be; its path is returned. Twice the
  /// same content is one file.
  Expected<std::string> write_repro(std::string_view kind, std::string_view content) const;

  /// The same of a file that shows a finding of this kind. Where its subject is not of the default
  /// kind, that is part of the name: "counters-assertion-….weave".
  Expected<std::string> write_repro(const WeaveFile& file, FindingKind finding) const;

  /// The same under a name of the caller's, a plain word: ROOT/NAME.weave.
  Expected<std::string> write_named(std::string_view name, std::string_view content) const;

 private:
  Expected<std::string> write(std::string path, std::string_view content) const;

  std::string root_;
};

/// The path of this very program, for the commands that reports end with; as it was called when
/// that works from here.
std::string own_program();
void set_own_program(std::string_view argv0);
/// Its name alone, as messages begin: "reweave".
std::string tool_name();

/// A program that is built beside this one, for example "reweave_bench"; "" if it is not there.
std::string neighbour_program(std::string_view name);

}  // namespace reweave::repro
