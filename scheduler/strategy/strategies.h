// The strategies that a user can name, and how they are made.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "scheduler/base/expected.h"
#include "scheduler/strategy/strategy.h"

namespace reweave {

class SubjectKind;

struct StrategyInfo {
  /// The number that may follow the name, as in "pct:5".
  struct Number {
    std::string_view name;  // "the depth"
    std::uint32_t low = 0;
    std::uint32_t high = 0;       // 0: it takes none.
    std::uint32_t otherwise = 0;  // What it is if it is left out.
  };

  std::string_view name;
  std::string_view help;  // One line, without a full stop.
  std::unique_ptr<Strategy> (*make)(std::uint32_t number);
  Number number{};
};

/// All of them, the default first. Never freed.
std::span<const StrategyInfo> strategies();

inline constexpr std::string_view kDefaultStrategy = "portfolio";
inline constexpr std::string_view kProgramStrategy = "mix";

/// What a hunt in subjects of that kind uses that names none.
std::string_view default_strategy(const SubjectKind& kind);

/// One with which a hunt tries a small subject out (exhausting.h).
constexpr bool tries_out(std::string_view name) {
  return name == kDefaultStrategy || name == kProgramStrategy;
}

/// A strategy by its name, with a parameter where its help says so: "pct:5". The error lists what
/// there is and names the nearest.
Expected<std::unique_ptr<Strategy>> make_strategy(std::string_view name);

}  // namespace reweave
