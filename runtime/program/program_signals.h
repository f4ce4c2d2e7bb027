// Signals that a program sends itself: to a thread, to the process, by a timer.
//
// The kernel sees none of it. Dispositions, masks and what is pending are kept here, of virtual
// threads; a signal is delivered at one of its thread's points, on its stack, and a thread that
// waits is woken for it, so that a call that POSIX lets fail with EINTR does. When it comes is a
// decision: at each point the question `fire`, where 0 is "now". What a thread sends itself comes
// at once. Which thread gets what was sent to the process is a question `pick` among those that do
// not block it; 0 is whom Linux prefers, the main thread.
//
// A default action that would end the process is a finding. Crashes are another matter: signals.h.
#pragma once

#include <signal.h>

#include <array>
#include <cstdint>
#include <vector>

namespace reweave::program {

struct Thread;

/// A set of signals as the kernel has it: signal N is bit N - 1.
using SignalSet = std::uint64_t;
constexpr SignalSet bit_of(int signal) { return SignalSet{1} << (signal - 1); }

/// What belongs to one thread.
struct ThreadSignals {
  SignalSet blocked = 0;
  SignalSet pending = 0;
  SignalSet awaited = 0;  // It is in sigwait() or its like for these.
  int got = 0;            // What that brought.
  std::uint32_t put_off = 0;
};

class ProgramSignals {
 public:
  static constexpr int kSignals = 65;

  /// Dispositions as the kernel has them now are those that every execution begins with.
  void keep();
  void begin();

  /// Anything pending; looked at at every point.
  bool any() const { return any_; }

  /// To `thread`, which may be the running one: then it is delivered before this returns, unless
  /// blocked. May switch.
  void send(Thread& thread, int signal, const void* caller);
  void send_to_process(int signal, const void* caller);
  /// The same for a timer, while nobody runs: does not switch.
  void send_from_timer(int signal);
  /// At a point of the running thread: runs the handlers of what is pending, if it is to come now.
  /// May switch.
  void deliver(const void* caller, bool at_once = false);

  /// The running thread blocks these from now on; what is no longer blocked is delivered.
  void set_blocked(SignalSet blocked, const void* caller);
  /// Waits for one of `set`; 0: the deadline came; -1: another signal was handled. May switch.
  int wait_for(SignalSet set, std::uint64_t deadline, const void* caller);
  /// Waits until a handler has run. May switch.
  void pause(const void* caller);

  SignalSet pending_for(const Thread& thread) const;
  /// Something that `thread` would handle now is pending.
  bool is_due(const Thread& thread) const;
  struct sigaction& action(int signal) {
    return actions_[static_cast<std::size_t>(signal)];
  }
  /// The program has a handler of its own for it.
  bool is_handled(int signal) const;

 private:
  bool is_ignored(int signal) const;
  bool wants(const Thread& thread, int signal) const;
  Thread* receiver_of(int signal, const void* caller);
  void pend(Thread& thread, int signal);
  void look();
  int take(Thread& thread, SignalSet set);
  void act(int signal, const void* caller);

  std::array<struct sigaction, kSignals> actions_{}, kept_{};
  SignalSet pending_ = 0;  // Of the process: all threads block them.
  bool any_ = false;
};

/// The only one.
ProgramSignals& program_signals();

/// Another mask for the time of a call; null: the same.
class MaskScope {
 public:
  MaskScope(const SignalSet* mask, const void* caller);
  ~MaskScope();
  MaskScope(const MaskScope&) = delete;
  MaskScope& operator=(const MaskScope&) = delete;

  /// A handler ran because of the other mask: the call fails with EINTR before it waits.
  bool interrupted() const { return interrupted_; }

 private:
  bool changes_;
  bool interrupted_ = false;
  SignalSet before_ = 0;
  const void* caller_;
};

}  // namespace reweave::program
