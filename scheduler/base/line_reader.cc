#include "scheduler/base/line_reader.h"

#include "scheduler/base/internal_check.h"

namespace reweave {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

/// What is wrong with the text as a whole, or an empty string; `line` is where.
std::string find_fault(std::string_view text, int& line) {
  if (text.size() > LineReader::kBytesMax) {
    return "the text has " + std::to_string(text.size()) + " bytes; at most " +
           std::to_string(LineReader::kBytesMax) +
           " are read. Split it or delete what is not needed";
  }
  line = 1;
  std::size_t line_bytes = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte == '\n') {
      if (++line > static_cast<int>(LineReader::kLinesMax)) {
        return "the text has more than " + std::to_string(LineReader::kLinesMax) + " lines";
      }
      line_bytes = 0;
      continue;
    }
    if (++line_bytes > LineReader::kLineBytesMax) {
      return "the line is longer than " + std::to_string(LineReader::kLineBytesMax) + " bytes";
    }
    const bool ends_line = byte == '\r' && i + 1 < text.size() && text[i + 1] == '\n';
    if ((byte < 0x20 && byte != '\t' && !ends_line) || byte == 0x7f) {
      return "found the control byte " + std::to_string(byte) + "; this is a text format, so the " +
             "file is damaged or of another kind";
    }
  }
  return {};
}

}  // namespace

LineReader::LineReader(std::string_view text, std::string_view name)
    : text_(text), name_(name), status_(ok()) {
  int line = 0;
  const std::string fault = find_fault(text, line);
  if (fault.empty()) return;
  line_ = line;
  status_ = error(fault);
  line_ = 0;
  text_ = {};
}

bool LineReader::next() {
  while (position_ < text_.size()) {
    line_start_ = position_;
    ++line_;
    std::size_t end = text_.find('\n', position_);
    if (end == std::string_view::npos) end = text_.size();
    position_ = end < text_.size() ? end + 1 : end;
    words_.clear();
    std::size_t at = line_start_;
    while (true) {
      while (at < end && is_blank(text_[at])) ++at;
      if (at == end || text_[at] == '#') break;
      const std::size_t word = at;
      while (at < end && !is_blank(text_[at])) ++at;
      words_.push_back(text_.substr(word, at - word));
    }
    if (!words_.empty()) return true;
  }
  words_.clear();
  return false;
}

void LineReader::unread() {
  CHECK_MSG(!words_.empty(), "there is no current line to put back");
  position_ = line_start_;
  --line_;
  words_.clear();
}

Error LineReader::error(std::string_view what) const {
  std::string message(name_);
  if (line_ > 0) message += ":" + std::to_string(line_);
  message += ": ";
  message += what;
  return Error{message};
}

bool parse_number(std::string_view word, std::int64_t low, std::int64_t high,
                  std::int64_t& number) {
  const bool negative = !word.empty() && word[0] == '-';
  const std::string_view digits = word.substr(negative ? 1 : 0);
  if (digits.empty() || digits.size() > 19) return false;
  if (digits[0] == '0' && (digits.size() > 1 || negative)) return false;
  std::uint64_t magnitude = 0;  // 19 digits fit.
  for (const char c : digits) {
    if (c < '0' || c > '9') return false;
    magnitude = magnitude * 10 + static_cast<std::uint64_t>(c - '0');
  }
  if (magnitude > static_cast<std::uint64_t>(INT64_MAX)) return false;
  const auto value =
      negative ? -static_cast<std::int64_t>(magnitude) : static_cast<std::int64_t>(magnitude);
  if (value < low || value > high) return false;
  number = value;
  return true;
}

}  // namespace reweave
