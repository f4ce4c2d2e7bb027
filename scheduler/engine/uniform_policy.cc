#include "scheduler/engine/policy.h"

namespace reweave {
namespace {

struct Uniform {
  [[gnu::always_inline]] static std::uint32_t choose(EngineState& state, std::uint32_t answers) {
    return draw_below(state.rng, answers);
  }
};

std::uint32_t choose_uniformly(EngineState& state, std::uint32_t answers) {
  return Uniform::choose(state, answers);
}

}  // namespace

const Policy kUniformPolicy = {
    .point = &pass_point<Uniform>, .depart = &depart<Uniform>, .choose = &choose_uniformly};

}  // namespace reweave
