#include "scheduler/machine/crash_words.h"

#include <array>

namespace reweave {

std::string error_kind(std::string_view standard_error) {
  // "==7==ERROR: AddressSanitizer: heap-use-after-free on address 0x…": its words up to " on ", "
  // (" or a number.
  constexpr std::array<std::string_view, 4> kTools = {
      "AddressSanitizer: ", "LeakSanitizer: ", "ThreadSanitizer: ", "MemorySanitizer: "};
  for (const std::string_view tool : kTools) {
    const std::size_t at = standard_error.find(tool);
    if (at == std::string_view::npos) continue;
    std::string_view rest = standard_error.substr(at + tool.size());
    rest = rest.substr(0, rest.find('\n'));
    for (const std::string_view end : {" on ", " (", ": ", " 0x"})
      rest = rest.substr(0, rest.find(end));
    return std::string(rest);
  }
  // "file.cc:3:5: runtime error: signed integer overflow: 2147483647 + 1 cannot …": up to the
  // second colon.
  constexpr std::string_view kUndefined = "runtime error: ";
  if (const std::size_t at = standard_error.find(kUndefined); at != std::string_view::npos) {
    std::string_view rest = standard_error.substr(at + kUndefined.size());
    rest = rest.substr(0, rest.find('\n'));
    rest = rest.substr(0, rest.find_first_of("0123456789"));
    rest = rest.substr(0, rest.find(": "));
    while (!rest.empty() && rest.back() == ' ') rest.remove_suffix(1);
    return "undefined behaviour, " + std::string(rest);
  }
  if (standard_error.find(": CHECK failed: ") != std::string_view::npos) return "CHECK failed";
  return {};
}

}  // namespace reweave
