// A dict against std::map, with any tuning.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <map>
#include <utility>
#include <vector>

#include "runtime/object/dict.h"

namespace reweave::runtime {
namespace {

DictTuning any_tuning() {
  DictTuning tuning;
  tuning.smallest = 1u << *rc::gen::inRange(0, 5);
  tuning.load_den = *rc::gen::inRange(1u, 10u);
  tuning.load_num = *rc::gen::inRange(1u, tuning.load_den + 1);
  tuning.growth_den = *rc::gen::inRange(1u, 4u);
  tuning.growth_num = *rc::gen::inRange(tuning.growth_den, tuning.growth_den * 5);
  tuning.slower_above = *rc::gen::element(0u, 5u, 50'000u);
  tuning.test = *rc::gen::element(DictTuning::Test::kReached, DictTuning::Test::kNextOver);
  return tuning;
}

// Few hashes, so that many keys collide.
std::uint64_t hash_of(std::uint64_t key, std::uint64_t hashes) { return key % hashes * 0x1234567; }

void expect_consistent(const Dict& dict, const std::map<std::uint64_t, Object*>& model) {
  std::size_t used = 0, fill = 0;
  for (const DictEntry& entry : dict) {
    if (entry.value != nullptr) ++used;
    if (entry.value != nullptr || entry.key == DictEntry::kDummy) ++fill;
  }
  RC_ASSERT(used == model.size());
  RC_ASSERT(dict.used() == used);
  RC_ASSERT(dict.fill() == fill);
  RC_ASSERT(fill < dict.size());
  RC_ASSERT((dict.size() & (dict.size() - 1)) == 0u);
  RC_ASSERT(dict.size() >= dict.tuning().smallest);
}

// After an insertion that made `used` grow; `fill_before` is that before it.
void expect_resized_as_the_rule_says(const Dict& dict, std::size_t size_before,
                                     std::size_t fill_before, bool took_a_dummy) {
  const DictTuning& t = dict.tuning();
  const std::size_t fill = fill_before + (took_a_dummy ? 0 : 1);
  const bool full = t.test == DictTuning::Test::kReached
                        ? fill * t.load_den >= size_before * t.load_num
                        : (fill + 1) * t.load_den > size_before * t.load_num;
  if (!full) {
    RC_ASSERT(dict.size() == size_before);
    return;
  }
  const bool slow = t.slower_above != 0 && dict.used() > t.slower_above;
  const std::size_t more_than = slow ? 2 * dict.used() : dict.used() * t.growth_num / t.growth_den;
  std::size_t size = t.smallest;
  while (size <= more_than) size *= 2;
  RC_ASSERT(dict.size() == size);
  RC_ASSERT(dict.fill() == dict.used());
}

RC_GTEST_PROP(DictProperty, IsAMapWithAnyTuning, ()) {
  const DictTuning tuning = any_tuning();
  const auto hashes = *rc::gen::inRange<std::uint64_t>(1, 60);
  const auto keys = *rc::gen::inRange<std::uint64_t>(1, 60);
  SystemTables memory;
  {
    std::vector<DictEntry> first(tuning.smallest);
    Dict dict(tuning, memory, first.data());
    std::map<std::uint64_t, Object*> model;
    std::array<Object, 4> values;
    const auto turns = *rc::gen::container<std::vector<std::pair<std::uint8_t, std::uint16_t>>>(
        rc::gen::arbitrary<std::pair<std::uint8_t, std::uint16_t>>());
    for (const auto& [what, which] : turns) {
      const std::uint64_t key = which % keys;
      const std::uint64_t hash = hash_of(key, hashes);
      const auto found = model.find(key);
      Object* const expected = found == model.end() ? nullptr : found->second;
      RC_ASSERT(dict.find(key, hash) == expected);
      if (what < 150) {
        Object* const value = &values[what % values.size()];
        const std::size_t size = dict.size(), fill = dict.fill();
        const std::size_t dummies = fill - dict.used();
        RC_ASSERT(dict.set(key, hash, value) == expected);
        model[key] = value;
        if (expected == nullptr) {
          // It took a dummy's place where `fill` did not grow, which only shows without a resize.
          const bool took_a_dummy = dict.size() == size && dict.fill() == fill && dummies > 0 &&
                                    dict.fill() != dict.used();
          if (dummies == 0 || took_a_dummy)
            expect_resized_as_the_rule_says(dict, size, fill, took_a_dummy);
        }
      } else if (what < 250) {
        RC_ASSERT(dict.remove(key, hash).value == expected);
        model.erase(key);
      } else {
        const Dict::Detached detached = dict.detach();
        std::size_t count = 0;
        for (; count < detached.count && detached.table[count].value != nullptr; ++count) {
          const DictEntry& entry = detached.table[count];
          RC_ASSERT(model.at(entry.key) == entry.value);
          if (count > 0) RC_ASSERT(detached.table[count - 1].hash <= entry.hash);
        }
        RC_ASSERT(count == model.size());
        dict.give_back(detached);
        model.clear();
      }
      expect_consistent(dict, model);
    }
  }
  RC_ASSERT(memory.bytes() == 0u);
}

}  // namespace
}  // namespace reweave::runtime
