// What AddressSanitizer and UndefinedBehaviorSanitizer say of a program under control, as findings.
//
// AddressSanitizer calls back once it has written its report; the words of the finding are made
// from what it can be asked: what was done, by whom, who allocated and freed the memory, each with
// the names that everything else has. Its own text is full of addresses, and its threads have
// numbers that no second process gives them. A process in which it has spoken is of no further use:
// it speaks only once, so that process ends.
//
// UndefinedBehaviorSanitizer writes a line and goes on; the lines are looked for in what the
// program wrote.
#pragma once

#include <cstdint>
#include <string>

#include "runtime/program/call_stack.h"

namespace reweave::program {

class Snapshot;

/// What AddressSanitizer knows of a piece of memory.
struct MemoryStory {
  CallStack allocated, freed;            // Empty: not known, or it was not.
  int allocated_by = -1, freed_by = -1;  // Its numbers of threads.
  std::string where{};                   // "is located 0 bytes to the right of …"; "": not known.
};

/// To be called before the first execution: from then on errors of the program become findings.
void listen_to_sanitizers();
/// The number that AddressSanitizer gives the calling thread; -1 without it.
int sanitizer_number();
/// The stack from `begin` on is that of the main thread: AddressSanitizer is told. Called on it.
void enter_stack(const void* begin, std::size_t bytes);
/// Frames that were abandoned there are no longer.
void forget_frames(const void* begin, const void* end);
/// How much of the end of the program's output its lines are looked for in.
inline constexpr std::size_t kOutputSearched = 64 << 10;
/// Where UndefinedBehaviorSanitizer is here: its first line in `output`, "" if there is none.
std::string undefined_behaviour_in(const std::string& output);
bool is_undefined_behaviour_sanitizer_here();

// The heap is the sanitizer's and is not put back.
/// Keeps what the program allocated before its first execution, except `except_bytes` large blocks.
void keep_early_blocks(Snapshot& snapshot);
/// True: an execution gave back memory that was allocated before the first one. The next one would
/// use what is no longer there.
bool gave_back_early_block();

}  // namespace reweave::program
