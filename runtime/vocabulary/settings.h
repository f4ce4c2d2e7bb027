// Settings: what the tasklet runtime is configured with. Part of every repro, so that it means the
// same everywhere.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "scheduler/base/expected.h"
#include "scheduler/execution.h"

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

enum class Switching : std::uint8_t { kSoft, kHard };

struct Settings {
  Switching switching = Switching::kSoft;  // kHard: stackless.enable_softswitch(False)
  DefectSet defects;
  std::uint32_t spill_levels =
      25;  // The stack spills at this many interpreter levels below its root; 1 … 1000.
  bool zombie_frames = true;  // Each code object keeps its last frame.
  std::uint32_t free_frames_max =
      200;                       // Length of the shared free list of frames; 0 switches it off.
  bool slice_cache = true;       // Off: every slice is allocated and freed.
  bool report_deadlock = false;  // An uncaught deadlock error that ends main is a finding.
  /// The structure oracle looks at every step: 13 to 160 % more instructions, the more tasklets the
  /// more. Without it only what an operation meets is checked. Debug and fuzzing builds look
  /// nevertheless where no defect is on, for there it can only be the runtime that is wrong, and no
  /// verdict can depend on the build.
  bool check_structure = false;
  /// What happened is compared with what the executable specification predicts; a difference is the
  /// finding `diverged`, where no other oracle saw anything. About four times the time.
  bool check_specification = false;
  /// The same, and every other oracle is silent: who sees a bug when nobody else looks?
  bool only_specification = false;
  /// Allocations may fail: a `fail` question is asked at each, and an operation that gets no memory
  /// raises MemoryError, with everything as it was. Off: nothing is asked.
  bool fail_allocations = false;
  /// The cycle collector may run before any operation: a `collect` question is asked there. Off:
  /// it runs only where the program says `gc`.
  bool collect = false;
  /// What happened is compared with what happens when the collector runs only at `gc`; see
  /// runtime/oracle/collection.h.
  bool check_collections = false;
  /// A thread gives the interpreter lock up after so many operations, if another one is ready, as
  /// Python 2 after its check interval; 0: it goes on until it waits, or a `run` question says
  /// otherwise.
  std::uint32_t gil_ticks = 0;
  bool check_census = true;  // Count the references when the program has ended.
  Limits limits;

  /// The same in every build for the same settings.
  std::uint64_t fingerprint() const;
};

}  // namespace reweave::runtime
