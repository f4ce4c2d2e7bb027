// What all fuzz targets share: an input is a scenario and a plan, an execution of it is judged by
// the oracles, a finding becomes a `.weave` file.
//
// A target is one row of fuzz_targets(); scenario_fuzzer.cc, compiled once for each of them, has
// libFuzzer's entry points and nothing of an engine.
// libFuzzer's own flags stay as they are; ours come from the environment, because every engine
// passes that on to its children:
//
//   REWEAVE_DEFECTS=a,b   defects to switch on      REWEAVE_PROFILE=NAME   or a named set of them
//   REWEAVE_SPILL_LEVELS=N, …   any other setting: `reweave help settings`
//   REWEAVE_OUTPUT=DIR    where repros go; default: libFuzzer's -artifact_prefix, else the current
//   folder
//   REWEAVE_WITHOUT=a,b   to measure what each is worth (tests/fuzz/ablation): feedback, so that
//   nothing counts but code coverage; mutator, so that the engine alone changes bytes; plans
//
// The specification is asked about inputs with a feature that is new to the process (not under
// AFL++, for which an input is the same each time), and about one in eight of the others, by their
// bytes: it costs as much as half an execution. So whoever runs a
// single input, as `reweave replay` and a target with one file do, always hears what it says.
//
// Cost: decoding, one execution, and a counter for each pair of neighbouring events as feedback;
// nothing is allocated once the buffers have grown (under AFL++ each input gets buffers of its own,
// so that it takes the same edges each time). A target never throws and always returns 0; a
// finding aborts, as fuzzers expect, in a function of its own kind (endings.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "repro/file/raw_input.h"
#include "runtime/interpreter/scenario_subject.h"
#include "runtime/language/generator.h"
#include "runtime/language/mutator.h"
#include "scheduler/execution.h"
#include "scheduler/strategy/fuzz_input.h"

namespace reweave::fuzz {

class Harness {
 public:
  /// `target`: a name of fuzz_targets(). Reads the environment; wrong values end the process with a
  /// sentence, code 2.
  explicit Harness(std::string_view target);

  /// Looks for `-artifact_prefix=`, and adds our own defaults (fuzzer_flags.h). For
  /// LLVMFuzzerInitialize.
  void read_arguments(int* argc, char*** argv);

  /// One execution of the input. Aborts on a finding, after writing the repro.
  void run(const std::uint8_t* data, std::size_t size);

  /// A mutated input, in place; returns its size, at most `size_max`. Always valid; depends on
  /// nothing but its arguments.
  std::size_t mutate(std::uint8_t* data, std::size_t size, std::size_t size_max, unsigned seed);
  /// False: the engine is to mutate bytes by itself.
  bool mutates() const { return mutates_; }

  /// A mixture of two inputs in `out`; as mutate().
  std::size_t cross_over(const std::uint8_t* first, std::size_t first_size,
                         const std::uint8_t* second, std::size_t second_size, std::uint8_t* out,
                         std::size_t size_max, unsigned seed);

 private:
  void leave_out(std::string_view words);
  void start_anew();
  [[noreturn]] void report();
  bool give_feedback();
  void find_targets();
  std::size_t write(const repro::FuzzCase& fuzz_case, std::uint8_t* out, std::size_t size_max);

  const repro::FuzzTarget* target_;
  std::string output_;
  runtime::GeneratorOptions generator_;
  runtime::MutatorLimits growth_;
  runtime::ScenarioDecoder decoder_;
  repro::FuzzCase case_;    // What runs; its scenario is the subject's own.
  repro::FuzzCase edited_;  // For mutation.
  repro::FuzzCase other_;
  std::vector<PlanTarget> targets_;  // Of `edited_`.
  std::vector<std::uint8_t> bytes_;
  const runtime::Settings settings_;
  FuzzInput strategy_;
  std::optional<Execution> execution_;
  std::optional<runtime::ScenarioSubject> subject_;
  bool mutates_ = true;
  bool has_plans_ = true;
  bool moved_signal_handlers_ = false;
  bool gave_feedback_ = false;  // About this input.
  bool always_asks_ = false;    // The specification, for it is one of eight.
};

}  // namespace reweave::fuzz
