// Where a fuzzing engine that is linked into the program keeps what it sees of an execution:
// counters of code coverage, what comparisons looked like, counters of our own.
//
// It lies among the program's variables, which are put back after each execution; but what an
// engine saw shall stay. Known are the sections of clang's instrumentation, the state of libFuzzer,
// and the large tables of the sanitizers' common part, which clang links to every fuzzer: these
// would take most of the time.
#pragma once

#include <span>
#include <vector>

namespace reweave::program {

/// In the program itself, by its symbol table, so not in one that was stripped of that.
std::vector<std::span<char>> notes_of_engine();

}  // namespace reweave::program
