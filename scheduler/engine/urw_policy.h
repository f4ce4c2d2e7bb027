// URW (strategy/urw.h) as an engine draws it: actors weighed by how often they have still to be
// chosen.
//
// The numbers are a profile: how often each actor was chosen in the last execution that came to its
// end without a finding. An actor is known by its path, not by when it was created. One that the
// profile does not know weighs 1; where all weights are used up, the choice is uniform.
#pragma once

#include <cstdint>
#include <vector>

#include "scheduler/engine/engine_state.h"

namespace reweave {

class UrwWeights {
 public:
  /// Makes `form` weigh by the profile; this must live until the execution is over.
  void use(FastForm& form, std::uint64_t seed);
  /// Makes a profile of the execution that used it last. Does nothing if none did since.
  void end(const Execution& execution);

 private:
  friend struct UrwPolicy;
  static constexpr std::uint32_t kNobody = UINT32_MAX;

  /// An actor of this execution.
  struct Weight {
    std::uint32_t left = 0;    // How often it and its future children have still to be chosen.
    std::uint32_t least = 0;   // 1 where the profile does not know it.
    std::uint32_t chosen = 0;  // How often it was chosen.
    std::uint32_t parent = 0;
    std::uint32_t profile = kNobody;     // The same actor there.
    std::uint32_t next_child = kNobody;  // The actor there that its next child will be.
  };
  /// An actor of the profiled execution.
  struct Profile {
    std::uint32_t all = 0;  // How often it and all that come from it were chosen.
    std::uint32_t first_child = kNobody;
    std::uint32_t next_sibling = kNobody;
  };

  bool used_ = false;
  std::uint32_t actors_ = 0;  // Valid entries of weights_.
  std::vector<Weight> weights_;
  std::vector<Profile> profile_;
  std::vector<std::uint32_t> last_child_;  // For making the profile.
};

}  // namespace reweave
