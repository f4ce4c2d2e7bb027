// Our defaults for libFuzzer's flags.
//
// -entropic=0: libFuzzer's own schedule of inputs spends more than half of all instructions on one
// linear search, once there are some thousand features; without it a target runs 1.4 to 1.7 times
// as many inputs and finds what it finds sooner.
#pragma once

namespace reweave::fuzz {

/// Appends them to the arguments, but those that the user gave. For LLVMFuzzerInitialize, once: the
/// fuzzer reads its arguments after that. Without libFuzzer: nothing.
void add_default_flags(int* argc, char*** argv);

}  // namespace reweave::fuzz
