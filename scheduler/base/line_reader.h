// Reads a text format line by line, and words its errors: file, line, what was found, what to do.
//
// All our text formats are alike: words separated by blanks, a word that starts with `#` starts a
// comment, blank lines mean nothing, indentation is for the eye, and a line may end as on Windows.
// Limits are on every count, so that a hostile file cannot exhaust the machine.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "scheduler/base/expected.h"

namespace reweave {

class LineReader {
 public:
  static constexpr std::size_t kBytesMax = 4u << 20, kLineBytesMax = 4096, kLinesMax = 200'000;

  /// `text` and `name` (of the file, for messages) must outlive the reader. Check `status()` before
  /// the first line: a text that is too large, has a NUL or other control byte or too long a line
  /// is refused as a whole.
  LineReader(std::string_view text, std::string_view name);

  const Status& status() const { return status_; }

  /// Moves to the next line that has a word. False at the end of the text.
  bool next();
  /// The words of the current line; views into the text.
  const std::vector<std::string_view>& words() const { return words_; }
  /// Puts the current line back: the next call of next() finds it again. Until then there is no
  /// current line.
  void unread();
  int line() const { return line_; }

  /// "FILE:LINE: WHAT" for the current line; WHAT says what was found and what to do.
  Error error(std::string_view what) const;

 private:
  std::string_view text_;
  std::string_view name_;
  Status status_;
  std::size_t position_ = 0;
  std::size_t line_start_ = 0;
  int line_ = 0;
  std::vector<std::string_view> words_;
};

/// A decimal number in [low, high] that is the whole word; no sign but '-', no blanks, no leading
/// zeros beyond "0".
bool parse_number(std::string_view word, std::int64_t low, std::int64_t high, std::int64_t& number);

}  // namespace reweave
