// The byte form of a scenario: what fuzz targets read, and what their mutators write.
//
// Every byte sequence decodes to a valid, linked scenario: numbers wrap into their ranges, an
// operation that cannot stand where it is (a `then` without `finally`, a channel where there is
// none, a block nested too deep) is left out, blocks that are still open at the end are closed.
// So a mutator that knows nothing of the format loses nothing but meaning.
//
//   scenario   length body                        length: bytes of the body
//   body       functions-1 channels slots words   how many; one byte each, but words is a number
//              operations of function 0, `end`, operations of function 1, `end`, …
//   operation  code [label] arguments             code: position in operations.def, + 0x80 if a
//                                                 label follows; else it is the label before plus
//                                                 1; 0x7f: the next byte is added to it
//   numbers: length, words, label, wide letters   7 bits in each byte, the most significant first;
//                                                 0x80 in all but the last; at most 3 bytes
//   other arguments                               one byte: the value minus its lowest value
//
// An example, with a channel c0: main is `recv c0`, `rec 200 f1`, and f1 is empty:
//
//   0c  01 01 00 00  0d 00  16 81 48 02  00  00   (the first `end` closes main, the second one f1)
//
// Names are not kept: decoded functions are main, f1, f2 …, channels c0 …, slots s0 …, words w0 ….
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/language/scenario.h"

namespace reweave::runtime {

/// Appends the byte form of a linked scenario to `bytes`.
void encode_scenario(const Scenario& scenario, std::vector<std::uint8_t>& bytes);

/// Decodes; keeps buffers, so that decoding into one scenario again and again allocates nothing
/// once they have grown. One decoder belongs to one OS thread.
class ScenarioDecoder {
 public:
  /// Decoding leaves the canaries out, and assertions, unless they are allowed: no random bytes
  /// misbehave on purpose, or say what is right.
  struct Options {
    bool canaries = false;
  };

  ScenarioDecoder() = default;
  explicit ScenarioDecoder(Options options) : options_(options) {}

  /// Replaces `scenario`; always linked. Returns the number of bytes that belonged to it: what
  /// follows is the caller's. Fails never.
  std::size_t decode(std::span<const std::uint8_t> bytes, Scenario& scenario);

 private:
  Options options_;
  std::vector<Function> spare_;  // Functions taken out of a scenario, for their buffers.
};

/// The same, once, without kept buffers.
std::size_t decode_scenario(std::span<const std::uint8_t> bytes, Scenario& scenario);

/// The implied names: "main", "f1"; "c0"; "s0"; "w0". Sets them all; operations are not touched.
void set_implied_names(Scenario& scenario);

}  // namespace reweave::runtime
