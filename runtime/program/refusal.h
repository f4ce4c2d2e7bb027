// What the system does not give is nobody's bug: no address space, no thread, no descriptor.
//
// Idea: whoever asks the system and gets nothing ends the process here, in words that say which
// limit to raise. Guarantee: it is never a finding, and never silent. Cost: none before that.
#pragma once

namespace reweave::program {

/// Before the first execution it ends the process with one line and exit code 69. In a process that
/// was forked for executions it is a failed CHECK, whose words its parent knows, so that it is no
/// finding; `what` begins with "the system gives no " for that. May be called while memory is
/// allocated.
[[noreturn]] void refused(const char* what);

/// This process was forked for executions.
void refuse_as_child();

}  // namespace reweave::program
