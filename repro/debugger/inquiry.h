// How a debugger asks a stopped process: it writes down a function and its argument and lets the
// process go on, which calls it, keeps what it gives and stops again.
//
// A debugger can call functions itself, but not everywhere: gdb up to 13 cannot put back the
// registers of a processor with AMX afterwards, and what ran on would run with wrong ones. Here it
// only reads and writes memory. That works where the process stands in on_step() of
// run/debugging.cc, which `reweave_answers` tells; elsewhere there is only the call.
#pragma once

#include <cstdint>
#include <string>

extern "C" {
/// 1 while the process stands where it answers.
extern std::uint64_t reweave_answers;
/// Set by the debugger: a function, its argument, and room for a name that may be the argument.
extern const void* (*reweave_asked)(const void* argument);
extern const void* reweave_asked_argument;
extern char reweave_asked_name[256];
/// What the last one gave. Words live until the next one is asked.
extern const void* reweave_answer;
/// Called when there is an answer: a place for a breakpoint. Does nothing.
void reweave_answered();
}

namespace reweave::repro {

/// `words` as an answer: they live until the next call.
const void* keep_words(std::string words);

/// Answers what is asked, until nothing is any more. Called with the process stopped once before.
void answer_debugger();

}  // namespace reweave::repro
