// How a process becomes one that explores its own program: it takes over main.
//
// The dynamic linker starts a program by __libc_start_main, which this library defines. With
// REWEAVE_COMMAND in the environment, the command of the tool runs in place of main, and main is
// the body of each execution; without it the program runs as ever.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace reweave::program {

/// The tool's command line, in this process; returns the exit code. Set by whoever links both.
using CommandLine = int (*)(const std::vector<std::string>& words);
void set_command_line(CommandLine command_line);

/// The words of a command from one value of the environment; see handover.h.
std::vector<std::string> unpack_words(const std::string& packed);

/// The program's main, as the body of an execution.
void run_main(void*);
/// Tells the tool that the program is under control, or says itself why it cannot be.
void say_taken_over();
/// Static initialization runs, and main will be explored.
bool is_before_main();
/// Its command line as it was started.
const std::vector<std::string>& program_words();
/// What the tool has read of the standard input for its command; none: nothing.
const std::optional<std::string>& handed_input();
/// What the tool has read of the standard input for its command; none: it has read nothing.
const std::optional<std::string>& handed_input();
/// The path of the tool that started this process; "reweave" if it said none.
const std::string& tool_path();

}  // namespace reweave::program
