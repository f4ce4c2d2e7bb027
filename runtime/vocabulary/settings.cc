#include "runtime/vocabulary/settings.h"

#include <algorithm>

#include "scheduler/base/nearest.h"

namespace reweave::runtime {

const std::vector<DefectInfo>& all_defects() {
  static const std::vector<DefectInfo> defects = {
#define DEFECT(identifier, name, date, origin, cause, symptom) \
  {Defect::identifier, name, date, origin, cause, symptom},
#include "runtime/vocabulary/defects.def"
#undef DEFECT
  };
  return defects;
}

static_assert(std::size_t{0}
#define DEFECT(identifier, name, date, origin, cause, symptom) +1
#include "runtime/vocabulary/defects.def"
#undef DEFECT
                  <= DefectSet::kCapacity,
              "a DefectSet has a bit for each");

std::string defect_names(DefectSet defects) {
  std::string names;
  for (const DefectInfo& info : all_defects()) {
    if (!defects.has(info.defect)) continue;
    if (!names.empty()) names += ',';
    names += info.name;
  }
  return names;
}

Expected<DefectSet> parse_defects(std::string_view names) {
  DefectSet defects;
  while (!names.empty()) {
    const std::size_t comma = names.find(',');
    const std::string_view name = names.substr(0, comma);
    names = comma == std::string_view::npos ? std::string_view{} : names.substr(comma + 1);
    const auto& all = all_defects();
    const auto found = std::find_if(all.begin(), all.end(),
                                    [&](const DefectInfo& info) { return name == info.name; });
    if (found == all.end()) {
      std::vector<std::string_view> known;
      for (const DefectInfo& info : all) known.push_back(info.name);
      return Error{"there is no defect \"" + std::string(name) + "\"" + did_you_mean(name, known) +
                   "; `reweave help defects` lists them all"};
    }
    defects.add(found->defect);
  }
  return defects;
}

const std::vector<Profile>& all_profiles() {
  using enum Defect;
  static const std::vector<Profile> profiles = {
      {"fixed", "every defect off (the default)", {}},
      {"stackless-2012-A", "before the fix of 2012-05-21",
       DefectSet().add(kPostSwitchClear).add(kSpillDropsTempval)},
      {"stackless-2012-X", "A with only the post-switch half of the fix",
       DefectSet().add(kSpillDropsTempval)},
      {"stackless-2012-Y", "A with only the spill half of the fix",
       DefectSet().add(kPostSwitchClear).add(kSpillExplodesBomb)},
      {"stackless-2012-B", "the whole fix of 2012-05-21", DefectSet().add(kSpillExplodesBomb)},
      {"stackless-2012-C", "with the second fix, of 2012-06-06", {}},
      {"stackless-3.7.5", "the newest real version, with the defects that live in it",
       DefectSet()
           .add(kDeadlockDropsValue)
           .add(kRefusedSendReplaces)
           .add(kFailedRunStaysArmed)
           .add(kFrameCountsCancel)
           .add(kEndIgnoresThreads)
           .add(kSetupDoesNotWake)
           .add(kBindThreadInContext)
           .add(kNoRecheckAtThreadEnd)
           .add(kCallbackRefusedLate)
           .add(kRebindInContext)
           .add(kBindThreadTakesMain)},
  };
  return profiles;
}

Expected<DefectSet> profile_defects(std::string_view name) {
  std::vector<std::string_view> known;
  for (const Profile& profile : all_profiles()) {
    if (name == profile.name) return profile.defects;
    known.push_back(profile.name);
  }
  return Error{"there is no profile \"" + std::string(name) + "\"" + did_you_mean(name, known) +
               "; `reweave help defects` lists them all"};
}

std::uint64_t Settings::fingerprint() const {
  std::uint64_t hash = 0x5bd1e995u;
  const auto mix = [&hash](std::uint64_t word) {
    hash = (hash ^ word) * 0x9fb21c651e98df25u;
    hash ^= hash >> 32;
  };
  mix(static_cast<std::uint64_t>(switching));
  for (const DefectInfo& info :
       all_defects()) {  // By name: a new line in the table changes nothing.
    if (!defects.has(info.defect)) continue;
    for (const char* c = info.name; *c != '\0'; ++c) mix(static_cast<unsigned char>(*c));
  }
  mix(spill_levels);
  mix(zombie_frames ? 1 : 0);
  mix(free_frames_max);
  mix(report_deadlock ? 1 : 0);
  mix(limits.steps_max);
  mix(limits.questions_max);
  mix(limits.actors_max);
  if (check_structure) mix(1);
  if (check_specification) mix(2);
  if (only_specification) mix(3);
  if (!check_census) mix(2);
  if (fail_allocations) mix(4);
  if (collect) mix(5);
  if (check_collections) mix(7);
  if (gil_ticks != 0) {
    mix(6);
    mix(gil_ticks);
  }
  return hash;
}

}  // namespace reweave::runtime
