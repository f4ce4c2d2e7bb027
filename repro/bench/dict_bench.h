// What the post "Optimizing the dict" measured, and what it did not: bytes and time of a dict under
// several tunings.
//
// Bytes come from dicts that are filled, one entry after the other; only head and entry of a layout
// are given. Times are by the wall clock, each the best of a few rounds, in which a dict is built,
// asked for each of its keys and for as many others. Keys are random words, as if they were hashes
// of strings; the same ones on every run.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "runtime/life/dict_object.h"

namespace reweave::repro {

struct NamedTuning {
  const char* name;  // For a table's head.
  const char* help;
  runtime::DictTuning tuning;
};

/// Bytes of a dict's parts.
struct DictLayout {
  std::size_t head = 0;
  std::size_t entry = 0;
};
/// The 32 bits of the post: 52 and 12.
inline constexpr DictLayout kPostLayout{.head = 52, .entry = 12};
/// Of this build.
DictLayout own_layout();

/// The tunings of the post's table: CPython's, and its own read in three ways.
std::span<const NamedTuning> post_tunings();
/// CPython's, the post's, and some around them.
std::span<const NamedTuning> swept_tunings();

/// Bytes with 0 … `entries_max` entries, filled one by one.
std::vector<std::size_t> dict_bytes(const runtime::DictTuning& tuning, const DictLayout& layout,
                                    std::uint32_t entries_max);

struct DictTimes {
  std::size_t tuning = 0;  // Index in swept_tunings().
  std::uint64_t entries = 0;
  double insert_ns = 0;  // Of one entry, building and dropping the dict.
  double hit_ns = 0;
  double miss_ns = 0;
  std::size_t bytes = 0;      // Of the dict, with its tables.
  std::size_t bytes_max = 0;  // The most while it was built.
};

/// 10, 100, … up to `entries_max`, for each of swept_tunings(). `progress` is told before each
/// measurement; false: no more.
std::vector<DictTimes> time_dicts(std::uint64_t entries_max,
                                  const std::function<bool(const DictTimes& next)>& progress);

/// The picture: times and bytes for an entry over the number of entries, and the post's staircase.
std::string dict_plot(const std::vector<DictTimes>& times);

}  // namespace reweave::repro
