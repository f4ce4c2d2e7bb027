// The input of the fuzz targets, so that `replay` and `shrink` read what libFuzzer left behind.
//
//   input   scenario plan
//             scenario: see runtime/language/bytes.h
//             plan: all the rest, see scheduler/strategy/plan.h
//
// Every string of bytes is a valid input. A target is a row: a name, the settings that its
// executions have, and what its mutator draws more often; the fuzz programs take them from here,
// too, so that the two cannot differ.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/language/bytes.h"
#include "runtime/language/focus.h"
#include "runtime/language/scenario.h"
#include "runtime/vocabulary/settings.h"
#include "scheduler/base/expected.h"
#include "scheduler/strategy/plan.h"

namespace reweave::repro {

struct FuzzTarget {
  std::string_view name;
  std::string_view help;       // One line, without a full stop.
  runtime::Settings settings;  // Without defects: those are given when it runs.
  runtime::Focus focus{};      // Of its mutator; no part of what an input means.
};

/// All of them; lives for ever.
const std::vector<FuzzTarget>& fuzz_targets();
/// Their names, separated by commas.
std::string fuzz_target_names();
/// By its name, with or without "_fuzzer". The error lists what there is.
Expected<const FuzzTarget*> find_fuzz_target(std::string_view name);

struct FuzzCase {
  runtime::Scenario scenario;
  reweave::Plan plan;  // Not that of a campaign.
};

/// Fails never. `decoder` and `fuzz_case` keep their buffers.
void decode_fuzz_case(std::span<const std::uint8_t> bytes, runtime::ScenarioDecoder& decoder,
                      FuzzCase& fuzz_case);

/// Appends the bytes of a case with a linked scenario.
void encode_fuzz_case(const FuzzCase& fuzz_case, std::vector<std::uint8_t>& bytes);

/// Does the name of a file begin as libFuzzer's artefacts do: crash-, leak-, timeout-, oom-,
/// slow-unit-, …?
bool looks_like_artefact(std::string_view path);

}  // namespace reweave::repro
