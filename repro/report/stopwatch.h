// How long something took, for people: the wall clock, which no decision may look at.
#pragma once

#include <chrono>

namespace reweave::repro {

/// Runs from its making on.
class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
  }

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

}  // namespace reweave::repro
