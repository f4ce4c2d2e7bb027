// What belongs to the process and not to one thread: its memory, its output, its way in and out.
//
// Two heaps: the program's, in an arena that is put back, and the explorer's own, which no
// execution touches. Everything that is allocated before the first execution, by static
// initialization or libc, is the program's. What the program writes to standard output and standard
// error is kept for the report and not shown.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "runtime/program/arena.h"
#include "runtime/program/descriptors.h"
#include "runtime/program/snapshot.h"

namespace reweave::program {

/// Where the heaps lie, unless something else is there.
inline constexpr std::uintptr_t kProgramHeapAt = 0x210000000000u, kOwnHeapAt = 0x2a0000000000u;
/// Opens both heaps; called by whatever allocates first.
void open_heaps();
Arena& program_heap();
Arena& own_heap();

class Process {
 public:
  /// To be called on the main thread before the first execution: finds modules, takes the snapshot.
  /// `arguments` is main's argv; may be null.
  void prepare(char** arguments);
  /// The same for a body that is called on the main thread from a frame that begins at `stack`, as
  /// often as one likes: what lies above it is kept, too.
  void prepare_body(char* stack);
  /// The same for one of many bodies that a fuzzing engine calls, which is linked into the program:
  /// what the engine notes meanwhile is not put back, and what the engine allocates between two of
  /// them does not move what they allocate.
  void prepare_fuzzed(char* stack);
  /// What runs from here on, until the next call, writes where the process wrote before it was
  /// captured; for a handler of a signal.
  void lend_own_output(bool lend);
  /// Loads a library as if the program had done it before it began. From home, after put_back();
  /// what cannot be loaded is left to the program's own attempt.
  void load(const char* path, int flags);
  /// A library was loaded in the middle of an execution: keeps its variables as they are now.
  void keep_new_modules();
  /// The body's program goes on as it was, with its own output.
  void release();

  /// From here on whatever runs is the program …
  void enter();
  /// … and from here on it is the explorer again.
  void leave();
  /// Memory as it was, for an execution with so many threads.
  void put_back(std::uint32_t threads);

  /// What the program wrote in this execution, at most the last `bytes_max`.
  std::string output(std::size_t bytes_max) const;
  /// Writes what the program has buffered. Called on one of its threads.
  void flush_output();

  /// The program changes its working directory, or its mask for new files: that is put back, too.
  void note_move() { moved_ = true; }

  /// Its own variables, its heap or a stack of its threads.
  bool is_programs_own(const void* address) const;

 private:
  void prepare_once();
  void take_snapshot();
  void take_stack(char* stack);
  void capture_output();
  void show_own_output();

  Snapshot snapshot_;
  char** arguments_ = nullptr;  // What the snapshot was taken with.
  std::span<char> stack_;
  Descriptors descriptors_;
  bool prepared_once_ = false;
  bool fuzzed_ = false;  // By prepare_fuzzed(), with this snapshot.
  bool moved_ = false;   // See note_move().
  int home_ = -1;        // The directory before the first execution; -1: it cannot be told.
  mode_t mask_ = 0;
  int captured_ = -1;  // A file in memory, which descriptors 1 and 2 lead to.
  int real_output_ = -1, real_errors_ = -1;
  bool forked_ = false;  // This process was made by a fork and has not run an execution yet.
};

/// The only one.
Process& process();

}  // namespace reweave::program
