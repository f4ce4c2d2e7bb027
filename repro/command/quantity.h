// How many and how long, as people write it: 1000000, 1_000_000, 1e6, 2.5e6; 90, 0.5, 90s, 1.5h.
//
// Whole numbers all the way: "0.1e1" is 1, "1.5" of something that has no half is refused.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace reweave::repro {

/// `word` times `unit`, where that is a whole number of 64 bits.
std::optional<std::uint64_t> parse_decimal(std::string_view word, std::uint64_t unit = 1);
/// Seconds, or with a unit: ms, s, m, h.
std::optional<std::uint64_t> parse_milliseconds(std::string_view word);

/// For transform(): a count in [low, high].
CLI::Validator count_from(std::uint64_t low, std::uint64_t high = UINT64_MAX);
/// For transform(): a time of at least one millisecond; the option gets milliseconds.
CLI::Validator time_span();

}  // namespace reweave::repro
