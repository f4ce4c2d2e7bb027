// The historical defects of the real runtime, each behind a switch, by the names of defects.def;
// and profiles, named sets of them: the versions in which they lived.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "scheduler/base/expected.h"

namespace reweave::runtime {

enum class Defect : std::uint8_t {
#define DEFECT(identifier, name, date, origin, cause, symptom) identifier,
#include "runtime/vocabulary/defects.def"
#undef DEFECT
};

/// One line of defects.def; all texts live for ever.
struct DefectInfo {
  Defect defect;
  const char* name;
  const char* date;
  const char* origin;
  const char* cause;
  const char* symptom;
};
const std::vector<DefectInfo>& all_defects();

class DefectSet {
 public:
  static constexpr std::size_t kCapacity = 128;

  bool has(Defect defect) const { return (words_[word(defect)] >> bit(defect) & 1) != 0; }
  DefectSet& add(Defect defect) {
    words_[word(defect)] |= std::uint64_t{1} << bit(defect);
    return *this;
  }
  bool empty() const { return *this == DefectSet(); }
  bool intersects(const DefectSet& other) const {
    return (words_[0] & other.words_[0]) != 0 || (words_[1] & other.words_[1]) != 0;
  }
  bool operator==(const DefectSet&) const = default;

 private:
  static std::size_t word(Defect defect) { return static_cast<std::size_t>(defect) / 64; }
  static unsigned bit(Defect defect) { return static_cast<unsigned>(defect) % 64; }

  std::array<std::uint64_t, kCapacity / 64> words_{};
};

/// "post-switch-clear,spill-drops-tempval" in the table's order; "" for none.
std::string defect_names(DefectSet defects);
/// From names separated by commas; "" is the empty set. An unknown name is an error that lists the
/// nearest.
Expected<DefectSet> parse_defects(std::string_view names);

/// A named set of defects: a version of the real thing. "fixed" has none.
struct Profile {
  const char* name;
  const char* help;
  DefectSet defects;
};
const std::vector<Profile>& all_profiles();
Expected<DefectSet> profile_defects(std::string_view name);

}  // namespace reweave::runtime
