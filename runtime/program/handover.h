// What the tool tells a program that it starts: variables of the environment, which the library
// reads before main and takes away.
#pragma once

namespace reweave::program {

/// The words of the command that shall run in place of main, each but the first behind a unit
/// separator (0x1f); an empty word is a record separator (0x1e).
inline constexpr const char kCommandVariable[] = "REWEAVE_COMMAND";
/// The path of the tool, for the commands that a report ends with.
inline constexpr const char kToolVariable[] = "REWEAVE_TOOL";
/// The number of a descriptor to which the library writes one byte once it has taken over.
inline constexpr const char kTakenOverVariable[] = "REWEAVE_TAKEN_OVER";

}  // namespace reweave::program
