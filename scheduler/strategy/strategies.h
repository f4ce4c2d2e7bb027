// The strategies that a user can name, and how they are made.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "scheduler/base/expected.h"
#include "scheduler/strategy/strategy.h"

namespace reweave {

struct StrategyInfo {
  std::string_view name;
  std::string_view help;  // One line, without a full stop.
};

/// All of them, the default first. Lives for ever.
std::span<const StrategyInfo> strategies();

inline constexpr std::string_view kDefaultStrategy = "portfolio";

/// A strategy by its name, with a parameter where its help says so: "pct:5". The error lists what
/// there is and names the nearest.
Expected<std::unique_ptr<Strategy>> make_strategy(std::string_view name);

}  // namespace reweave
