// Crashes of the program: a signal handler that ends the execution instead of the process.
//
// It runs on a stack of its own, so that a stack that was too deep can be told, makes the finding
// and switches home; the stack of the thread that crashed is abandoned.
#pragma once

namespace reweave::program {

/// Takes over SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP and SIGABRT, for this process. Twice is
/// once.
void handle_signals();
/// Signals that come from outside and that the process handles (a fuzzing engine's clock, for
/// example) are handled as ever, but not as if the program did it: neither points nor virtual time,
/// and what is written is shown. To be called once, outside of an execution.
void pass_signals_on();
/// Puts back what handled them before.
void give_back_signals();

}  // namespace reweave::program
