#include "repro/file/raw_input.h"

#include <array>
#include <string>

#include "scheduler/base/nearest.h"

namespace reweave::repro {
namespace {

/// A fuzz execution is short: a long one costs more than it shows, and the fuzzer can make another.
runtime::Settings short_executions(std::uint32_t spill_levels) {
  runtime::Settings settings;
  settings.spill_levels = spill_levels;
  settings.check_structure = true;
  settings.limits.steps_max = 300;
  settings.limits.questions_max = 2'000;
  settings.limits.actors_max = 100;
  return settings;
}

/// The executable specification runs beside every execution, and judges what no other oracle sees.
runtime::Settings beside_specification() {
  runtime::Settings settings = short_executions(10);
  settings.check_specification = true;
  return settings;
}

}  // namespace

const std::vector<FuzzTarget>& fuzz_targets() {
  static const std::vector<FuzzTarget> targets = {
      {"tempval", "values in flight: channels, spills, callbacks", beside_specification()},
      // Every call through C spills, unless a plan says otherwise: frames go on on other stacks
      // than they began on, which is where the counting of their references was once wrong.
      {"frames", "frames and their caches: calls, refused switches", short_executions(1)},
  };
  return targets;
}

Expected<const FuzzTarget*> find_fuzz_target(std::string_view name) {
  constexpr std::string_view kSuffix = "_fuzzer";
  std::string_view wanted = name;
  if (wanted.size() > kSuffix.size() && wanted.substr(wanted.size() - kSuffix.size()) == kSuffix) {
    wanted.remove_suffix(kSuffix.size());
  }
  std::vector<std::string_view> known;
  std::string list;
  for (const FuzzTarget& target : fuzz_targets()) {
    if (target.name == wanted) return &target;
    known.push_back(target.name);
    list += (list.empty() ? "" : ", ") + std::string(target.name);
  }
  return Error{"there is no fuzz target \"" + std::string(name) + "\"" +
               did_you_mean(wanted, known) + "; there are: " + list};
}

void decode_fuzz_case(std::span<const std::uint8_t> bytes, runtime::ScenarioDecoder& decoder,
                      FuzzCase& fuzz_case) {
  const std::size_t used = decoder.decode(bytes, fuzz_case.scenario);
  decode_plan(bytes.subspan(used), fuzz_case.plan);
}

void encode_fuzz_case(const FuzzCase& fuzz_case, std::vector<std::uint8_t>& bytes) {
  runtime::encode_scenario(fuzz_case.scenario, bytes);
  encode_plan(fuzz_case.plan, bytes);
}

bool looks_like_artefact(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  const std::string_view name = slash == std::string_view::npos ? path : path.substr(slash + 1);
  constexpr std::array<std::string_view, 6> kPrefixes = {"crash-", "leak-",      "timeout-",
                                                         "oom-",   "slow-unit-", "minimized-from-"};
  for (const std::string_view prefix : kPrefixes) {
    if (name.substr(0, prefix.size()) == prefix) return true;
  }
  return false;
}

}  // namespace reweave::repro
