// What others wrote, made fit to be shown: names of files, words of a program, messages.
//
// A terminal obeys escape sequences, GitHub's runner obeys lines that begin with `::` or hold
// `##[`, XML has no control characters, and a reader must not be deceived by text that runs
// backwards, or by what has no width. So every control character, every mark of direction, every
// character that is not seen, whatever is no UTF-8 or no character, and the beginnings of such
// commands become escapes like \x1b and \u202e. All else stays as it is.
#pragma once

#include <string>
#include <string_view>

namespace reweave::repro {

/// One line of UTF-8.
std::string printable(std::string_view text);

/// The same for text of several lines, which stay lines.
std::string printable_lines(std::string_view text);

}  // namespace reweave::repro
