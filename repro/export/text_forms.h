// Words and texts as the languages of the exported files want them.
#pragma once

#include <string>
#include <string_view>

namespace reweave::repro {

/// A raw string literal of C++ with that text.
std::string raw_literal(std::string_view text);
/// A string literal of C++; every byte that is no plain letter is escaped.
std::string string_literal(std::string_view text);
/// A name that is one in C++, Python and file systems: "program_deadlock_07".
std::string plain_identifier(std::string_view name);

}  // namespace reweave::repro
