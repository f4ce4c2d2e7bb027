// Ordinary but for a few questions known by their index: the cheapest fast form there is, since
// between two of them nothing is decided at all.
#pragma once

#include <array>
#include <cstdint>

#include "scheduler/engine/engine_state.h"

namespace reweave {

/// Which questions get an answer that is not ordinary, drawn from the others.
struct Countdown {
  static constexpr std::uint32_t kDeviationsMax = 64;

  std::array<std::uint32_t, kDeviationsMax> at{};  // Indices of questions, sorted; may repeat.
  std::uint32_t count = 0;
  std::uint32_t next = 0;  // The first that is not behind us.
};

/// Makes `form` follow `plan`, from its beginning; it must live until the execution is over.
void use_countdown(FastForm& form, Countdown& plan, std::uint64_t seed);

}  // namespace reweave
