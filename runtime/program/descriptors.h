// Open files of the program as they were before the first execution.
//
// An execution may close what it was given (standard output, as many programs do at their end),
// open what it never closes, and read what has a position. After it the same numbers lead to the
// same files again, at the same positions, and what it opened is closed. Numbers from kHigh on are
// the explorer's own.
//
// Guarantee: the next execution gets the numbers that the one before got. Not put back: what was
// read from a terminal or from pipes and sockets that were there before (but for standard input,
// see descriptor_waits.h), what was written to files. Cost: a few system calls for each execution
// that made any, one for each file that is kept.
#pragma once

#include <sys/types.h>

#include <vector>

namespace reweave::program {

class Descriptors {
 public:
  static constexpr int kHigh = 500;

  /// A copy of `descriptor` among the explorer's own.
  static int high(int descriptor);

  /// The same file once more, among the explorer's own, with a position of its own; -1: it cannot
  /// be. For reading.
  static int opened_again(int descriptor);

  /// Processes that explore side by side have one position in each file that they share: from here
  /// on this one has its own.
  static void part_from_siblings();
  /// Keeps what is open now; what was kept before is forgotten.
  void take();
  void put_back();

 private:
  struct Kept {
    int number = 0;
    int copy = 0;
    off_t position = -1;  // Where it was, if it has a position and is no output of ours.
  };

  std::vector<Kept> kept_;  // By number.
};

}  // namespace reweave::program
