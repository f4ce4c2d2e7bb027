// What a `.weave` file says of itself, read from its text alone: which signatures it shows and how
// large it is. So repros of every kind of subject can be sorted, where no subject can be made.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "scheduler/base/expected.h"

namespace reweave::repro {

struct ReproFacts {
  std::string name{};  // Of the file, without its folder.
  /// Of the findings in its verdict, in order, each once; empty: it states none.
  std::vector<std::string> signatures{};
  std::uint64_t answers = 0;  // Of its schedule.
  std::uint64_t bytes = 0;
  bool operator==(const ReproFacts&) const = default;

  bool shows(std::string_view signature) const;
};

/// The error says that it is no `.weave` file. What its subject is about is not looked at.
Expected<ReproFacts> facts_of(std::string_view text, std::string_view name);

/// Of two that show `signature`: is `a` the better one to keep? First one in which nothing else
/// comes before it, then fewest answers, then fewest bytes, then by name. A strict order.
bool is_better(const ReproFacts& a, const ReproFacts& b, std::string_view signature);

/// Those worth keeping: the best one of each signature, in order of their names. So
/// kept(kept(a) + b) is kept(a + b), whatever the order.
std::vector<ReproFacts> kept(const std::vector<ReproFacts>& repros);

}  // namespace reweave::repro
