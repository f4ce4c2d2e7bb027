// The two functions of a strategy's fast form, as templates over how it chooses.
//
// P has `static std::uint32_t choose(EngineState& state, std::uint32_t answers)`: which of
// `answers` ready actors runs, as an index into state.order; at least 2 are ready. state.order[0]
// is the one that comes to the point, or, where that one has departed, whoever took its place.
#pragma once

#include <atomic>
#include <cstdint>

#include "scheduler/engine/engine_state.h"

namespace reweave {

/// The rare cases of pass_point() and depart(); engine.cc.
void pass_point_slowly(EngineState& state, std::uint64_t pending);
void depart_slowly(EngineState& state, std::uint32_t word, bool step);

/// A word of the tape, without an answer.
constexpr std::uint32_t tape_word(std::uint64_t pending) {
  return static_cast<std::uint32_t>(pending >> 32) & ~0xffu;
}

/// The next number of a generator after wyrand (Wang Yi): one addition and one multiplication.
[[gnu::always_inline]] inline std::uint64_t draw(std::uint64_t& state) {
  state += 0xa0761d6478bd642fu;
  const auto product = static_cast<unsigned __int128>(state) * (state ^ 0xe7037ed1a0b428dbu);
  return static_cast<std::uint64_t>(product >> 64) ^ static_cast<std::uint64_t>(product);
}
/// Uniform in 0 … bound-1, with a bias below 2^-32 for what an engine asks.
[[gnu::always_inline]] inline std::uint32_t draw_below(std::uint64_t& state, std::uint64_t bound) {
  return static_cast<std::uint32_t>(static_cast<unsigned __int128>(draw(state)) * bound >> 64);
}

/// Of the engine that began an execution last, in whichever OS thread; see pass_point().
inline std::atomic<EngineState*> expected_state = nullptr;

template <typename P>
[[gnu::always_inline]] inline void pass_point_of(EngineState& state, std::uint64_t pending) {
  const std::uint32_t current = state.order[0];
  state.pending[current] = pending;
  if (state.tape == state.stop) [[unlikely]]
    return pass_point_slowly(state, pending);
  const std::uint32_t answer = P::choose(state, state.ready);
  *state.tape++ = tape_word(pending) | answer;
  if (answer == 0) return;
  const std::uint32_t next = state.order[answer];
  state.order[answer] = static_cast<std::uint16_t>(current);
  state.order[0] = static_cast<std::uint16_t>(next);
  return state.switch_to(state.context[current], state.context[next]);
}

template <typename P>
[[gnu::noinline]] void pass_point_of_another(EngineState& state, std::uint64_t pending) {
  pass_point_of<P>(state, pending);
}

/// An actor finds the state by a register that comes off its stack, and the stack comes out of the
/// state: each point would wait for the switch before it. So the address is guessed, and the guess
/// checked by a branch: the processor goes on and compares later (value speculation in software).
/// On 4 x 100 yields that is 1.45 times as many points per second, for three instructions.
template <typename P>
void pass_point(EngineState& state, std::uint64_t pending) {
  EngineState* const guess = expected_state.load(std::memory_order_relaxed);
  // Compared out of the compiler's sight: else it would go on with `state`, which is the same.
#if defined(__x86_64__)
  asm goto("cmp %0, %1\n\tjne %l2" : : "r"(guess), "r"(&state) : "cc" : another);
#elif defined(__aarch64__)
  asm goto("cmp %0, %1\n\tb.ne %l2" : : "r"(guess), "r"(&state) : "cc" : another);
#else
  if (guess != &state) goto another;
#endif
  return pass_point_of<P>(*guess, pending);
another:
  pass_point_of_another<P>(state, pending);
}

template <typename P>
void depart(EngineState& state, std::uint32_t word, bool step) {
  const std::uint32_t left = state.ready - 1;
  if (left < 2 || state.tape == state.stop) return depart_slowly(state, word, step);
  const std::uint32_t current = state.order[0];
  state.ready = left;
  state.others += step ? 0 : 1;
  const std::uint16_t last = state.order[left];
  state.order[0] = last;
  const std::uint32_t answer = P::choose(state, left);
  *state.tape++ = word | answer;
  const std::uint16_t next = state.order[answer];
  state.order[answer] = last;
  state.order[0] = next;
  return state.switch_to(state.context[current], state.context[next]);
}

/// Every ready actor with the same probability: a random walk.
extern const Policy kUniformPolicy;

}  // namespace reweave
