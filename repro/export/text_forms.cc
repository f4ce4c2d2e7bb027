#include "repro/export/text_forms.h"

#include <fmt/format.h>

namespace reweave::repro {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::string raw_literal(std::string_view text) {
  std::string delimiter = "weave";
  while (text.find(")" + delimiter + "\"") != std::string_view::npos) delimiter += "_";
  return fmt::format("R\"{0}({1}){0}\"", delimiter, text);
}

std::string string_literal(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += fmt::format("\\{}", c);
    } else if (c >= ' ' && c < 0x7f) {
      out += c;
    } else {
      out += fmt::format("\\{:03o}", static_cast<unsigned char>(c));
    }
  }
  return out + "\"";
}

std::string plain_identifier(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (out.empty() && is_digit(c)) out += "repro_";
    out += is_letter(c) || is_digit(c) ? c : '_';
  }
  return out.empty() ? "repro" : out;
}

}  // namespace reweave::repro
