// How much is left, estimated: the chance that one more execution shows a signature that none has
// shown yet.
//
// I. J. Good, Biometrika 1953, after Turing: it is about the number of signatures that were seen
// once, divided by the number of executions (M. Böhme, STADS, TOSEM 2018, for fuzzing). It assumes
// that the executions to come are drawn as those before were; a hunt changes strategies and masks
// what it knows, so it is an estimate, and is printed as one. Integers: "one in N".
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace reweave::repro {

struct Leftover {
  std::uint64_t seen_once = 0;   // Signatures.
  std::uint64_t executions = 0;  // All.

  /// The chance is about one in so many, or less if nothing was seen just once; 0: nothing is known
  /// yet.
  std::uint64_t one_in() const { return executions / (seen_once == 0 ? 1 : seen_once); }
  /// A sentence for people.
  std::string text() const;
};

/// `times`: how often each signature was seen.
Leftover leftover(const std::map<std::string, std::uint64_t>& times, std::uint64_t executions);

}  // namespace reweave::repro
