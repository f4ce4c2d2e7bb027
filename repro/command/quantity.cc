#include "repro/command/quantity.h"

#include <fmt/format.h>

#include <utility>

namespace reweave::repro {
namespace {

/// Digits, "_" between two of them.
bool take_digits(std::string_view& word, std::string& digits) {
  const std::size_t before = digits.size();
  bool may_part = false;
  while (!word.empty() && ((word[0] >= '0' && word[0] <= '9') || (word[0] == '_' && may_part))) {
    may_part = word[0] != '_';
    if (may_part) digits += word[0];
    word.remove_prefix(1);
  }
  return digits.size() > before && may_part;
}

bool multiply(std::uint64_t& number, std::uint64_t by) {
  return !__builtin_mul_overflow(number, by, &number);
}

}  // namespace

std::optional<std::uint64_t> parse_decimal(std::string_view word, std::uint64_t unit) {
  constexpr std::size_t kDigitsMax = 40;
  std::string digits, exponent_digits;
  if (!take_digits(word, digits)) return std::nullopt;
  std::size_t fraction = 0;
  if (!word.empty() && word[0] == '.') {
    const std::size_t whole = digits.size();
    word.remove_prefix(1);
    if (!take_digits(word, digits)) return std::nullopt;
    fraction = digits.size() - whole;
  }
  std::size_t exponent = 0;
  if (!word.empty() && (word[0] == 'e' || word[0] == 'E')) {
    word.remove_prefix(1);
    if (!word.empty() && word[0] == '+') word.remove_prefix(1);
    if (!take_digits(word, exponent_digits) || exponent_digits.size() > 2) return std::nullopt;
    for (const char digit : exponent_digits)
      exponent = exponent * 10 + static_cast<std::size_t>(digit - '0');
  }
  if (!word.empty() || digits.size() > kDigitsMax) return std::nullopt;
  std::uint64_t number = 0;
  for (const char digit : digits) {
    if (!multiply(number, 10)) return std::nullopt;
    if (__builtin_add_overflow(number, static_cast<std::uint64_t>(digit - '0'), &number))
      return std::nullopt;
  }
  if (!multiply(number, unit)) return std::nullopt;
  for (; exponent > 0 && fraction > 0; --exponent) --fraction;
  for (; exponent > 0; --exponent) {
    if (!multiply(number, 10)) return std::nullopt;
  }
  for (; fraction > 0; --fraction) {
    if (number % 10 != 0) return std::nullopt;
    number /= 10;
  }
  return number;
}

std::optional<std::uint64_t> parse_milliseconds(std::string_view word) {
  constexpr std::pair<std::string_view, std::uint64_t> kUnits[] = {
      {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"", 1000}};
  for (const auto& [unit, milliseconds] : kUnits) {
    if (word.ends_with(unit))
      return parse_decimal(word.substr(0, word.size() - unit.size()), milliseconds);
  }
  return std::nullopt;
}

CLI::Validator count_from(std::uint64_t low, std::uint64_t high) {
  const auto read = [low, high](std::string& word) -> std::string {
    const std::optional<std::uint64_t> number = parse_decimal(word);
    if (!number || *number < low || *number > high)
      return fmt::format("\"{}\" is no number from {} to {}", word, low, high);
    word = fmt::format("{}", *number);
    return "";
  };
  return CLI::Validator(read, "", "");
}

CLI::Validator time_span() {
  const auto read = [](std::string& word) -> std::string {
    const std::optional<std::uint64_t> milliseconds = parse_milliseconds(word);
    if (!milliseconds || *milliseconds == 0)
      return fmt::format("\"{}\" is no time; write seconds, or 500ms, 1.5m, 2h", word);
    word = fmt::format("{}", *milliseconds);
    return "";
  };
  return CLI::Validator(read, "", "");
}

}  // namespace reweave::repro
