#include "repro/campaign/good_turing.h"

#include <fmt/format.h>

#include "repro/report/terminal.h"

namespace reweave::repro {

std::string Leftover::text() const {
  if (executions == 0) return "nothing can be said yet of what is left";
  return fmt::format(
      "one more execution shows a new signature in {} one of {} cases (Good-Turing estimate: {} "
      "seen once in {} executions)",
      seen_once == 0 ? "less than" : "about", with_commas(one_in()), with_commas(seen_once),
      with_commas(executions));
}

Leftover leftover(const std::map<std::string, std::uint64_t>& times, std::uint64_t executions) {
  Leftover left{.executions = executions};
  for (const auto& [signature, count] : times) left.seen_once += count == 1 ? 1 : 0;
  return left;
}

}  // namespace reweave::repro
