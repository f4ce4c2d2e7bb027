// The input of a user's own fuzz target: data, and behind them a plan of decisions.
//
//   input   data [plan n 0xf5]      plan: 6 + 6 n bytes, see scheduler/strategy/plan.h
//
// Every string of bytes is an input; one without the end is data alone, under the ordinary
// schedule, so that corpora of data keep their meaning. 0xf5 is no byte of UTF-8.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "scheduler/base/prng.h"
#include "scheduler/strategy/plan.h"

namespace reweave::repro {

/// Returns the data, a part of `input`. `plan` is reused.
std::span<const std::uint8_t> split_input(std::span<const std::uint8_t> input, reweave::Plan& plan);

/// Appends the plan to the data, unless it decides nothing.
void append_plan(const reweave::Plan& plan, std::vector<std::uint8_t>& data);

/// Changes the bytes in place; returns their new number, at most `size_max`.
using MutateData = std::size_t (*)(std::uint8_t* data, std::size_t size, std::size_t size_max);

/// A mutated input, in place; returns its size, at most `size_max`. The data are changed by `data`,
/// which may be null; the plan mostly where something was asked: at `targets`. Depends on its
/// arguments alone.
std::size_t mutate_input(std::uint8_t* input, std::size_t size, std::size_t size_max, Prng prng,
                         std::span<const PlanTarget> targets, MutateData data);

}  // namespace reweave::repro
