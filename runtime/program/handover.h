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
/// The number of a descriptor from which the library reads what the tool has read of the standard
/// input, of which nothing is left; not there: the tool has not read it.
inline constexpr const char kInputVariable[] = "REWEAVE_INPUT";

/// What is appended to ASAN_OPTIONS, and taken away from there again. Crashes and leaks are ours to
/// tell of, thread-local memory of borrowed threads is made new, places get our own names.
inline constexpr const char kSanitizerOptions[] =
    ":detect_leaks=0:intercept_tls_get_addr=0:symbolize=0:handle_segv=0:handle_sigbus=0:"
    "handle_abort=0:handle_sigfpe=0:handle_sigill=0:handle_sigtrap=0:allow_user_segv_handler=1:"
    "verify_asan_link_order=0:use_sigaltstack=0:detect_stack_use_after_return=0:abort_on_error=0:"
    "halt_on_error=1:exitcode=1";

}  // namespace reweave::program
