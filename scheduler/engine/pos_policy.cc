#include "scheduler/engine/pos_policy.h"

#include "scheduler/engine/policy.h"

namespace reweave {
namespace {

struct Pos {
  static std::uint64_t& priority(EngineState& state, Actor actor) {
    return static_cast<PosPriorities*>(state.policy_data)->of[actor];
  }

  static std::uint32_t choose(EngineState& state, std::uint32_t answers) {
    std::uint64_t* const priorities = static_cast<PosPriorities*>(state.policy_data)->of.data();
    std::uint32_t best = 0;
    for (std::uint32_t i = 1; i < answers; ++i) {
      if (priorities[state.order[i]] > priorities[state.order[best]]) best = i;
    }
    const Actor chosen = state.order[best];
    priorities[chosen] = draw(state.rng);  // Of what it will do next.
    const Pending step = Pending::of_word(state.pending[chosen]);
    for (std::uint32_t i = 0; i < answers; ++i) {
      const Actor other = state.order[i];
      if (other != chosen && conflict(step, Pending::of_word(state.pending[other]))) {
        priorities[other] = draw(state.rng);
      }
    }
    return best;
  }

  static void alone(EngineState& state) { priority(state, state.order[0]) = draw(state.rng); }
  static void created(EngineState& state, Actor actor, Actor /*parent*/) {
    priority(state, actor) = draw(state.rng);
  }
};

constexpr Policy kPosPolicy = {.point = &pass_point<Pos>,
                               .depart = &depart<Pos>,
                               .choose = &Pos::choose,
                               .alone = &Pos::alone,
                               .created = &Pos::created};

}  // namespace

void use_pos(FastForm& form, PosPriorities& priorities, std::uint64_t seed) {
  priorities.of.resize(EngineState::kActorsMax);
  form.policy = &kPosPolicy;
  form.data = &priorities;
  form.seed = seed;
}

}  // namespace reweave
