// What zombie frames cost and save, as the post "Zombie frames. A gratuitous optimization?" asked
// of CPython: a suite of programs that mostly call functions, run with and without them in
// alternating rounds.
//
// Times are CPU time of the thread and differ from run to run; all else is the same every time:
// what the caches served, and what they still hold when a program has ended. The programs are the
// files of corpora/benchmarks/zombie, compiled into the tool. That the caches change no execution
// is checked while it measures: both runs of a program must have one trace hash.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/frame/frame.h"
#include "scheduler/base/expected.h"

namespace reweave::repro {

/// A program of the suite, as compiled in; never freed.
struct BenchProgram {
  std::string_view name;  // "nested-calls"
  std::string_view text;  // A `.weave` file.
};
/// In order of their names.
std::span<const BenchProgram> zombie_programs();

struct ZombieOptions {
  std::uint32_t rounds = 10;
  std::uint32_t free_frames_max = 200;  // Of both sides.
  std::string filter{};                 // Only programs with this in their name.
  /// Told before each program and when all is done: how many are measured. False: no more.
  std::function<bool(std::uint64_t done, std::uint64_t all)> progress{};
};

/// One program on one side.
struct ZombieSide {
  double minimum_ms = 0;  // Of one execution, the fastest round.
  double average_ms = 0;
  runtime::FrameCounts counts;  // In one execution.
  runtime::FrameHoldings held;  // When it has ended.
};

struct ZombieRow {
  std::string_view name;
  std::uint64_t steps = 0;
  ZombieSide without;  // "this" in the post's table
  ZombieSide with;     // "other"
};

/// The rows of what was measured. An error: a program does not end cleanly, or the caches changed
/// what it does.
Expected<std::vector<ZombieRow>> run_zombie_bench(const ZombieOptions& options);

/// The post's table, then the memory.
std::string zombie_text(const std::vector<ZombieRow>& rows, const ZombieOptions& options);
std::string zombie_json(const std::vector<ZombieRow>& rows, const ZombieOptions& options);

}  // namespace reweave::repro
