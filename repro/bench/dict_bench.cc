#include "repro/bench/dict_bench.h"

#include <algorithm>

#include "scheduler/base/internal_check.h"
#include "scheduler/base/prng.h"
#include "scheduler/base/wall_clock.h"

namespace reweave::repro {

namespace {

using runtime::Dict;
using runtime::DictEntry;
using runtime::DictTuning;
using runtime::Object;
using runtime::SystemTables;

constexpr DictTuning thrifty(std::uint32_t load_num, std::uint32_t load_den,
                             DictTuning::Test test = DictTuning::Test::kReached) {
  DictTuning tuning = runtime::kThriftyDict;
  tuning.load_num = load_num;
  tuning.load_den = load_den;
  tuning.test = test;
  return tuning;
}

constexpr DictTuning growing(std::uint32_t load_num, std::uint32_t load_den, std::uint32_t growth,
                             std::uint32_t smallest = 8) {
  return {.smallest = smallest,
          .load_num = load_num,
          .load_den = load_den,
          .growth_num = growth,
          .growth_den = 1,
          .slower_above = growth > 2 ? 50'000u : 0u};
}

constexpr NamedTuning kPost[] = {
    {"default", "CPython 2.7: first table 8, load 2/3, growth 4 (2 above 50,000 entries)",
     runtime::kDefaultDict},
    {"snippet", "the post's snippet: 1, load 4/5 tested after the insertion, growth 3/2",
     runtime::kThriftyDict},
    {"before", "1, load 4/5 tested before the next insertion: would it go over?, growth 3/2",
     thrifty(4, 5, DictTuning::Test::kNextOver)},
    {"3/4", "1, load 3/4 tested after the insertion, growth 3/2", thrifty(3, 4)},
};

constexpr NamedTuning kSwept[] = {
    {"default", "first table 8, load 2/3, growth 4 (2 above 50,000)", runtime::kDefaultDict},
    {"post", "1, 4/5, 3/2", runtime::kThriftyDict},
    {"post 3/4", "1, 3/4, 3/2", thrifty(3, 4)},
    {"sparse", "8, 1/2, 4 (2 above 50,000)", growing(1, 2, 4)},
    {"twice", "8, 2/3, 2", growing(2, 3, 2)},
    {"dense", "8, 9/10, 2", growing(9, 10, 2)},
    {"wide", "32, 2/3, 4 (2 above 50,000)", growing(2, 3, 4, 32)},
};

// A dict by itself, with the first table beside it.
struct LoneDict {
  explicit LoneDict(const DictTuning& tuning)
      : first(tuning.smallest), dict(tuning, memory, first.data()) {}
  SystemTables memory;
  std::vector<DictEntry> first;
  Dict dict;
};

constexpr int kRounds = 3;
constexpr std::uint64_t kRoundMs = 20;  // A clock of milliseconds is off by a twentieth then.

// Nanoseconds for each of the `count` things that `work()` does; the best round.
template <typename Work>
double best_ns(std::uint64_t count, const Work& work) {
  double best = 0;
  std::uint64_t turns = 1;
  for (int round = 0; round < kRounds;) {
    const std::uint64_t begin = wall_clock_ms();
    for (std::uint64_t turn = 0; turn < turns; ++turn) work();
    const std::uint64_t ms = wall_clock_ms() - begin;
    if (ms < kRoundMs) {
      turns *= ms == 0 ? 16 : kRoundMs / ms + 1;
      continue;
    }
    const double ns = static_cast<double>(ms) * 1e6 / static_cast<double>(count * turns);
    if (round == 0 || ns < best) best = ns;
    if (ms > 1000) break;  // What takes a second is not done again.
    ++round;
  }
  return best;
}

void time_one(const DictTuning& tuning, const std::vector<std::uint64_t>& keys, DictTimes& times) {
  const std::uint64_t n = times.entries;
  Object value;
  const auto fill = [&](Dict& dict) {
    for (std::uint64_t i = 0; i < n; ++i) dict.set(keys[i], keys[i], &value);
  };
  {
    SystemTables memory;
    std::vector<DictEntry> first(tuning.smallest);
    times.insert_ns = best_ns(n, [&] {
      std::fill(first.begin(), first.end(), DictEntry{});
      Dict dict(tuning, memory, first.data());
      fill(dict);
    });
  }
  LoneDict full(tuning);
  fill(full.dict);
  const DictLayout layout = own_layout();
  times.bytes = full.dict.bytes(layout.head, layout.entry);
  times.bytes_max = layout.head + layout.entry * tuning.smallest + full.memory.bytes_max();
  std::uint64_t asked = 0, found = 0;
  const auto look_up = [&](std::uint64_t from) {
    for (std::uint64_t i = 0; i < n; ++i)
      found += full.dict.find(keys[from + i], keys[from + i]) != nullptr ? 1 : 0;
    asked += n;
  };
  times.hit_ns = best_ns(n, [&] { look_up(0); });
  CHECK_MSG(found == asked, "the dict has lost a key");
  found = 0;
  times.miss_ns = best_ns(n, [&] { look_up(n); });
  CHECK_MSG(found == 0, "the dict has a key that it was not given");
}

}  // namespace

DictLayout own_layout() {
  return {.head = sizeof(runtime::DictObject) + sizeof(Dict), .entry = sizeof(DictEntry)};
}

std::span<const NamedTuning> post_tunings() { return kPost; }
std::span<const NamedTuning> swept_tunings() { return kSwept; }

std::vector<std::size_t> dict_bytes(const DictTuning& tuning, const DictLayout& layout,
                                    std::uint32_t entries_max) {
  LoneDict lone(tuning);
  Object value;
  std::vector<std::size_t> bytes;
  for (std::uint64_t i = 0; i <= entries_max; ++i) {
    if (i > 0) lone.dict.set(i - 1, i - 1, &value);  // As in the post: j of range(i).
    bytes.push_back(lone.dict.bytes(layout.head, layout.entry));
  }
  return bytes;
}

std::vector<DictTimes> time_dicts(std::uint64_t entries_max,
                                  const std::function<bool(const DictTimes& next)>& progress) {
  std::vector<std::uint64_t> keys;
  keys.reserve(2 * entries_max);
  Prng prng(27);
  while (keys.size() < 2 * entries_max) keys.push_back(prng.next());
  std::vector<DictTimes> all;
  for (std::uint64_t n = 10; n <= entries_max; n *= 10) {
    for (std::size_t i = 0; i < std::size(kSwept); ++i) {
      DictTimes times;
      times.tuning = i;
      times.entries = n;
      if (!progress(times)) return all;
      time_one(kSwept[i].tuning, keys, times);
      all.push_back(times);
    }
  }
  return all;
}

}  // namespace reweave::repro
