// The command line as a library: a program that knows some kinds of subjects gets `hunt`, `replay`,
// `shrink`, `check` and their reports for them.
//
// The tool `reweave` is this with tasklets. Whoever has a kind of their own either registers it
// (scheduler/subject_kind.h) and links reweave::main, or calls this from a main() of their own.
#pragma once

#include "scheduler/subject_kind.h"

namespace reweave::repro {

/// Runs the command that the words of `argv` are, with `argv[0]` as the program's name. Returns its
/// exit code (command.h). `kinds` and they must live until it returns. It takes over SIGABRT, so
/// that a failed CHECK of ours ends with 70; call it while the process has one OS thread.
int run_command(int argc, char** argv, Kinds kinds);

}  // namespace reweave::repro
