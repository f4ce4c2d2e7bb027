// Randomness that repeats: a program that asks for random bytes gets the same in every execution.
#pragma once

#include <cstddef>

namespace reweave::program {

/// Fills it from a generator that begin_randomness() sets back. Returns `bytes`.
long fill_with_fixed_bytes(void* at, std::size_t bytes);
void begin_randomness();

}  // namespace reweave::program
