#include "repro/report/printable.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>

namespace reweave::repro {
namespace {

struct Character {
  std::uint32_t code = 0;
  std::size_t bytes = 0;  // 0: this is no UTF-8.
};

/// The first character; strict: no surrogate, nothing that has a shorter form.
Character decode(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(text[i]) & 0xff; };
  const std::uint32_t first = byte(0);
  if (first < 0x80) return {first, 1};
  const std::size_t bytes = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < bytes) return {};
  std::uint32_t code = first & (0xffU >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3f);
  }
  constexpr std::array<std::uint32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x10000};
  if (code < kLeast[bytes] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return {};
  return {code, bytes};
}

bool is_harmless(std::uint32_t code) {
  const bool control = code < 0x20 || (code >= 0x7f && code < 0xa0);
  const bool direction = code == 0x61c || (code >= 0x200e && code <= 0x200f) ||
                         (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
  // Between the letters of a name nobody sees these.
  const bool unseen = code == 0xad || code == 0x180e || (code >= 0x200b && code <= 0x200d) ||
                      (code >= 0x2060 && code <= 0x2065) || (code >= 0xfff9 && code <= 0xfffb) ||
                      (code >= 0xe0000 && code <= 0xe007f);
  const bool line_end = code == 0x2028 || code == 0x2029;
  const bool no_character = (code & 0xfffe) == 0xfffe || (code >= 0xfdd0 && code <= 0xfdef);
  return !control && !direction && !unseen && !line_end && !no_character && code != 0xfeff;
}

/// What a runner takes for a command at the beginning of a line: "::", also after blanks.
bool begins_a_command(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(' ');
  return begin != std::string_view::npos && text.substr(begin, 2) == "::";
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  bool command = begins_a_command(text);
  while (!text.empty()) {
    const Character next = decode(text);
    const std::size_t bytes = next.bytes == 0 ? 1 : next.bytes;
    const std::string_view bare = text.substr(0, bytes);
    if (next.bytes == 0 || (!is_harmless(next.code) && next.code < 0x80)) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[0]));
    } else if (!is_harmless(next.code)) {
      out += fmt::format("\\u{:04x}", next.code);
    } else if ((command && bare == ":") || text.substr(0, 3) == "##[") {
      out += fmt::format("\\x{:02x}", next.code);
      command = false;
    } else {
      out += bare;
    }
    text.remove_prefix(bytes);
  }
  return out;
}

std::string printable_lines(std::string_view text) {
  std::string out;
  for (;;) {
    const std::size_t end = text.find('\n');
    out += printable(text.substr(0, end));
    if (end == std::string_view::npos) return out;
    out += '\n';
    text.remove_prefix(end + 1);
  }
}

}  // namespace reweave::repro
