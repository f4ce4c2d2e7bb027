// What others wrote, within a format whose own signs it must not be taken for: XML, commands of
// GitHub's runner, CMake. Each makes of it what printable.h says, first. Cost: a copy or two.
#pragma once

#include <string>
#include <string_view>

namespace reweave::repro {

/// A word of a command for CMake: in quotes, in one line.
std::string cmake_word(std::string_view word);

/// Text or the value of an attribute; the ends of lines become references.
std::string escape_xml(std::string_view text);

/// What follows `::error …::`; the ends of lines are escaped.
std::string escape_github_message(std::string_view text);
/// The value of `file=` or `title=`, which ends at a colon or a comma besides.
std::string escape_github_property(std::string_view text);

}  // namespace reweave::repro
