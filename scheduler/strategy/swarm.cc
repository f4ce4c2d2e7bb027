#include "scheduler/strategy/swarm.h"

namespace reweave {

std::uint32_t Swarm::of_256(const Question& question) const {
  constexpr std::array<std::uint32_t, 4> kByKind = {0, 1, 8, 64}, kFiner = {0, 0, 64, 192};
  const std::uint8_t rate = rates[static_cast<std::size_t>(question.kind)] & 3u;
  if (scope == SwarmScope::kKind || rate == 0) return kByKind[rate];
  const std::uint32_t member = scope == SwarmScope::kActor
                                   ? static_cast<std::uint32_t>(question.actor)
                                   : static_cast<std::uint32_t>(question.site);
  Prng drawn(seed ^ (std::uint64_t{member} << 8 | static_cast<std::uint64_t>(question.kind)));
  return kFiner[drawn.next() >> 62];
}

}  // namespace reweave
