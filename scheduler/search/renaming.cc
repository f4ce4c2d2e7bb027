#include "scheduler/search/renaming.h"

#include <charconv>
#include <iterator>
#include <vector>

namespace reweave {
namespace {

std::optional<std::int64_t> number_in(std::string_view digits) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size())
    return std::nullopt;
  return number;
}

/// By how much a number is higher now.
std::int64_t shift_of(const std::map<std::int64_t, std::int64_t>& shifts, std::int64_t number) {
  const auto behind = shifts.upper_bound(number);
  return behind == shifts.begin() ? 0 : std::prev(behind)->second;
}

/// The numbers of a path without its root; none if it is no path.
std::optional<std::vector<std::int64_t>> ordinals_of(std::string_view path) {
  std::vector<std::int64_t> ordinals;
  while (!path.empty()) {
    const std::size_t dot = std::min(path.find('.'), path.size());
    const std::optional<std::int64_t> ordinal = number_in(path.substr(0, dot));
    if (!ordinal) return std::nullopt;
    ordinals.push_back(*ordinal);
    path.remove_prefix(std::min(dot + 1, path.size()));
  }
  return ordinals;
}

}  // namespace

SiteParts SiteParts::of(std::string_view name) {
  SiteParts parts;
  const std::size_t at = name.find_last_of("+.");
  if (at != std::string_view::npos && at > 0) {
    const std::string_view behind = name.substr(at + 1);
    const std::size_t digits = std::min(behind.find('#'), behind.size());
    if (const std::optional<std::int64_t> line = number_in(behind.substr(0, digits))) {
      parts.stem = name.substr(0, at);
      parts.separator = name[at];
      parts.line = *line;
      parts.rest = behind.substr(digits);
      return parts;
    }
  }
  // A place by its bytes, "+0x1c", or before the first line, "-2": the function alone is known.
  const std::size_t end = at == std::string_view::npos || at == 0 ? name.size() : at;
  parts.stem = name.substr(0, end);
  parts.rest = name.substr(end);
  return parts;
}

std::string SiteParts::name() const {
  if (separator == 0) return stem + rest;
  return stem + separator + std::to_string(line) + rest;
}

std::string Renaming::site(std::string_view old_name) const {
  SiteParts parts = SiteParts::of(old_name);
  const auto function = functions_.find(parts.stem);
  if (function == functions_.end()) return std::string(old_name);
  parts.stem = function->second.name;
  parts.line += shift_of(function->second.lines, parts.line);
  return parts.name();
}

std::string Renaming::actor(std::string_view old_path) const {
  if (const auto other = others_.find(old_path); other != others_.end()) return other->second;
  const auto ordinals = ordinals_of(old_path);
  if (!ordinals) return std::string(old_path);
  std::string path, before;
  for (const std::int64_t ordinal : *ordinals) {
    const auto shifts = children_.find(before);
    const std::int64_t shift = shifts == children_.end() ? 0 : shift_of(shifts->second, ordinal);
    path += (path.empty() ? "" : ".") + std::to_string(ordinal + shift);
    before += (before.empty() ? "" : ".") + std::to_string(ordinal);
  }
  return path;
}

void Renaming::learn_site(std::string_view old_name, std::string_view name) {
  const SiteParts old_parts = SiteParts::of(old_name), parts = SiteParts::of(name);
  Function& function = functions_[old_parts.stem];
  function.name = parts.stem;
  if (old_parts.separator != 0 && parts.separator != 0)
    function.lines[old_parts.line] = parts.line - old_parts.line;
}

void Renaming::learn_actor(std::string_view old_path, std::string_view path) {
  const auto old_ordinals = ordinals_of(old_path), ordinals = ordinals_of(path);
  if (!old_ordinals || !ordinals || old_ordinals->size() != ordinals->size()) {
    others_[std::string(old_path)] = path;
    return;
  }
  std::string before;
  for (std::size_t i = 0; i < ordinals->size(); ++i) {
    const std::int64_t old_ordinal = (*old_ordinals)[i];
    const std::int64_t shift = (*ordinals)[i] - old_ordinal;
    Shifts& shifts = children_[before];
    if (shift_of(shifts, old_ordinal) != shift) shifts[old_ordinal] = shift;
    before += (before.empty() ? "" : ".") + std::to_string(old_ordinal);
  }
}

void Renaming::move_siblings(std::string_view old_path, std::int64_t by) {
  const auto ordinals = ordinals_of(old_path);
  const std::size_t dot = old_path.rfind('.');
  if (!ordinals || dot == std::string_view::npos || ordinals->back() + by < 1) return;
  children_[std::string(old_path.substr(0, dot))][ordinals->back()] = by;
}

bool Renaming::renames(std::string_view old_stem) const {
  const auto function = functions_.find(old_stem);
  return function != functions_.end() && function->second.name != old_stem;
}

}  // namespace reweave
