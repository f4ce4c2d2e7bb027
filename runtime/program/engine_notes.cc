#include "runtime/program/engine_notes.h"

#include <link.h>

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "runtime/program/symbol_table.h"

namespace reweave::program {
namespace {

constexpr std::string_view kSections[] = {"__sancov_cntrs", "__sancov_bools",
                                          "__libfuzzer_extra_counters"};
constexpr std::string_view kEngine = "_ZN6fuzzer";  // Variables of namespace fuzzer.
constexpr std::string_view kSanitizers[] = {"_ZN11__sanitizer", "_ZZN11__sanitizer", "__ubsan"};
constexpr std::size_t kLarge = 4096;

bool is_engines(std::string_view mangled, std::size_t bytes) {
  if (mangled.starts_with(kEngine)) return true;
  if (bytes < kLarge) return false;
  return std::ranges::any_of(kSanitizers, [&](std::string_view name) {
    return mangled.find(name) != std::string_view::npos;
  });
}

std::uintptr_t load_address() {
  std::uintptr_t address = 0;
  // The program comes first; not 0 is returned, so that no other module is looked at.
  const auto visit = [](dl_phdr_info* program, std::size_t, void* found) {
    *static_cast<std::uintptr_t*>(found) = program->dlpi_addr;
    return 1;
  };
  dl_iterate_phdr(visit, &address);
  return address;
}

}  // namespace

std::vector<std::span<char>> notes_of_engine() {
  const SymbolTable table("/proc/self/exe");
  const std::uintptr_t base = load_address();
  std::vector<std::span<char>> notes;
  const auto add = [&](std::uintptr_t begin, std::uintptr_t end) {
    if (begin != 0 && begin < end)
      notes.emplace_back(reinterpret_cast<char*>(base + begin), end - begin);
  };
  for (const std::string_view name : kSections) {
    if (const SymbolTable::Section* const section = table.section(name))
      add(section->begin, section->end);
  }
  for (const SymbolTable::Symbol& variable : table.variables()) {
    if (is_engines(table.mangled_name(variable), variable.end - variable.begin))
      add(variable.begin, variable.end);
  }
  return notes;
}

}  // namespace reweave::program
