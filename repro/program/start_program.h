// Starts a program with libreweave_program in it and hands it a command.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace reweave::repro {

/// Starts `program` (argv, looked up on PATH), in which `command` (words of the tool) runs in place
/// of main, and waits for its end. Its streams are ours; with `output` its standard output goes
/// there. Returns the exit code of the command, 128 + N if signal N ended it; 2 where the program
/// cannot be controlled, with the reason on standard error: it is not there, is a script, is linked
/// statically, or runs with other rights than its caller. 69: the library is missing. With `output`
/// the reason is there, as an error_object().
int start_program(const std::vector<std::string>& program, std::span<const std::string> command,
                  std::string* output = nullptr);

/// The file that a shell would run, which runs no folder; "" if there is none.
std::string find_program_file(const std::string& name);

/// Where libreweave_program.so is: what REWEAVE_PROGRAM_LIBRARY says, else beside this executable
/// or in the folders of libraries next to it. "" if it is nowhere.
std::string program_library();

}  // namespace reweave::repro
