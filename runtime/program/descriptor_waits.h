// Threads that wait for a descriptor: for input, for room, for a connection.
//
// Nothing blocks the one OS thread. A call that would is tried without waiting; where it cannot go
// on its thread waits in the table of waiters and is not enabled until what it waits for is there.
// That is looked up when somebody has done something to a descriptor: one poll() for all who wait.
// The program's own flags stay as it set them.
//
// Whoever is at the other end of a pipe that this execution made is in this process: where nobody
// can go on that is a deadlock. Elsewhere somebody outside may answer: he is waited for in real
// time, at most kOutsideMs, when nobody here can go on. What comes from outside is the only thing
// that a replay does not repeat, so it is named.
//
// A standard input that can be read once, a pipe or a socket, is read whole into a file in memory
// when the program first reads it; each execution, in each process, then reads the same bytes.
#pragma once

#include <poll.h>
#include <sys/types.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "scheduler/sync/waiters.h"

namespace reweave::program {

class Control;
struct Thread;

enum class FileKind : std::uint8_t {
  kPlain,   // Never makes anybody wait: a file, a folder, /dev/null; or no descriptor at all.
  kRandom,  // /dev/random and its like.
  kPipe,
  kSocket,
  kOther,  // A terminal, an event counter, a timer, …
};

/// What a descriptor leads to.
struct File {
  FileKind kind = FileKind::kPlain;
  bool blocking = true;          // Not O_NONBLOCK; only for what may make somebody wait.
  const void* object = nullptr;  // Identity, for points; the same number in every process.
  bool was_open = false;         // A pipe or socket from before the first execution.
  bool may_wait() const { return kind > FileKind::kRandom; }
};

class DescriptorWaits {
 public:
  /// So long somebody outside is waited for.
  static constexpr int kOutsideMs = 5'000;
  /// More of a standard input than this is not kept.
  static constexpr std::size_t kInputBytesMax = std::size_t{256} << 20;
  /// A standard input that brings nothing for so long is taken to be over.
  static constexpr int kInputQuietMs = 5'000;

  enum class Woken : std::uint8_t { kReady, kLate, kInterrupted };

  /// To be called once, before the first fork: makes room for the standard input.
  void prepare();
  /// A new execution.
  void begin();
  /// This process was forked from one that explores, too.
  void forked();

  /// Standard input that is about to be read is made readable again first.
  File look_at(int descriptor);
  /// The other end of it is in this process, too.
  void made_here(int descriptor);

  /// Waits until one of them is ready, for what its `events` say, or something is wrong with it.
  /// The first look asks nothing. May switch.
  Woken wait(std::span<const pollfd> wanted, std::uint64_t deadline, const void* caller);
  /// The running thread did something to a descriptor: whoever can go on now is enabled.
  void look_again();

  /// These descriptors are about to be closed, or to lead elsewhere: who waits for one goes on
  /// waiting for the file that it led to, as in the kernel. Does not switch.
  void keep_for_waiters(int first, int last);
  /// How many files are kept for the running thread; and: it has done with all of them but the
  /// first `kept`.
  std::size_t kept() const;
  void let_go(std::size_t kept);

  /// Nobody can go on: has something come from outside? With `patiently` it is waited for.
  bool anything_from_outside(bool patiently);

  /// "input from descriptor 3, a pipe": what a thread that waits here waits for.
  std::string words(const Thread& thread) const;

 private:
  struct Known {
    dev_t device;
    ino_t number;
    bool here;
  };
  /// A file whose descriptor was closed while somebody waited for it.
  struct Kept {
    sync::ThreadId waiter;
    int copy;    // Among the explorer's own.
    int number;  // The program's, once.
  };
  std::size_t index_of(dev_t device, ino_t number);
  bool is_outside(int descriptor);
  void keep_input(int descriptor);
  void note_what_is_open();

  std::vector<Known> known_;   // Pipes and sockets, in the order in which this execution met them.
  std::vector<Known> before_;  // Those that were open before the first execution.
  std::vector<Kept> kept_;
  std::vector<pollfd> asked_;  // Of all who wait, one after the other.
  int input_ = -1;             // A file in memory, of which all processes have the same, …
  int own_input_ = -1;         // … and the same file with a position of this process.
  dev_t input_device_ = 0;     // Of the standard input that can be read once; 0: it is none.
  ino_t input_number_ = 0;
  struct Shared;
  Shared* shared_ = nullptr;
};

/// The only one.
DescriptorWaits& descriptor_waits();

}  // namespace reweave::program
