#include "repro/report/escapes.h"

#include <fmt/format.h>

#include "repro/report/printable.h"

namespace reweave::repro {

std::string cmake_word(std::string_view word) {
  std::string quoted = "\"";
  for (std::size_t i = 0; i < word.size(); ++i) {
    const char c = word[i];
    if (c == '"' || c == '\\') quoted += '\\';
    if (c == '$' && word.substr(i + 1, 1) == "<") {
      quoted += "$<1:$>";  // Else it begins a generator expression.
    } else if (c == '$') {
      quoted += "\\$";
    } else if (c == '\n') {
      quoted += "\\n";
    } else {
      quoted += c;
    }
  }
  return printable(quoted + "\"");
}

std::string escape_xml(std::string_view text) {
  std::string out;
  for (const char c : printable_lines(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&apos;";
        break;
      case '\n':
        out += "&#10;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string escape_github_message(std::string_view text) {
  std::string out;
  for (const char c : printable_lines(text)) {
    if (c == '%' || c == '\n') {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out;
}

std::string escape_github_property(std::string_view text) {
  std::string out;
  for (const char c : escape_github_message(printable(text))) {
    if (c == ':' || c == ',') {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace reweave::repro
