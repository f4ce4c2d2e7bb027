#include "runtime/vocabulary/defects.h"

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
           .add(kBindThreadTakesMain)
           .add(kSurvivorStaysQueued)
           .add(kValueTakenByCallback)
           .add(kPeerLookedUpEarly)
           .add(kInsertBesideLeaving)
           .add(kSurvivorLosesValue)
           .add(kGeneratorStaysExecuting)
           .add(kThrowAtRunning)
           .add(kSpillAddsLevel)},
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

}  // namespace reweave::runtime
