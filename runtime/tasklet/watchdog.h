// run(), its time limit, and interrupts: the clock of a thread, in ticks.
//
// A tick is one operation, or one turn of a loop. While a run() with a time limit lasts, a tasklet
// that has run for longer than its slice is interrupted: switched away, in favour of the tasklet
// that set the limit, whose run() then returns the victim. Where that is not allowed (atomic, a
// callback, a nested interpreter level, the switch trap) the interrupt stays pending until the
// reason is gone. Under a soft limit it always stays pending, until the victim switches by itself.
//
// Tasklets inside run() form a stack, whose innermost is woken when nothing is runnable. Only one
// of them has the time limit: who set one first.
//
// Cost: an addition and a comparison for each tick.
#pragma once

#include <array>
#include <cstdint>

#include "runtime/tasklet/tasklet.h"

namespace reweave::runtime {

/// What limits run(). No ticks: nothing.
struct RunLimit {
  std::uint32_t ticks = 0;      // How long each tasklet may run before it is interrupted.
  bool soft = false;            // Interrupted only where it switches by itself.
  bool total = false;           // All tasklets together have these ticks.
  bool ignore_nesting = false;  // Interrupted at any nesting level.
};

struct Watchdog {
  static constexpr std::uint32_t kRunnersMax = 64;
  static constexpr std::uint64_t kNever = ~std::uint64_t{0};

  std::array<Tasklet*, kRunnersMax> runners{};  // Tasklets inside run(), outermost first; owned.
  std::uint32_t runner_count = 0;
  std::uint64_t ticks = 0;           // Since the execution began.
  std::uint64_t watermark = kNever;  // The slice ends when there are more; kNever: no limit.
  RunLimit limit;
  Tasklet* owner = nullptr;              // Whose run() has set the limit; owned.
  Tasklet* interrupted = nullptr;        // Whom run() is to return; owned.
  Tasklet* interrupted_stack = nullptr;  // A defect: on whose stack run() will look for it.

  /// An execution begins.
  void begin() {
    runner_count = 0;
    ticks = 0;
    watermark = kNever;
    limit = {};
    owner = interrupted = interrupted_stack = nullptr;
  }
  /// Before each operation and each turn of a loop: true if the running tasklet's time slice is
  /// over, and interrupt() is to be called.
  bool tick() { return ++ticks > watermark; }
  /// A turn of a loop that is followed by an operation, whose tick() tells.
  void count_tick() { ++ticks; }
  /// A time limit is in force.
  bool has_limit() const { return watermark != kNever; }
  /// Ticks left of the running slice; some limit is in force.
  std::uint32_t slice_left() const { return static_cast<std::uint32_t>(watermark + 1 - ticks); }
  /// To whom an interrupt switches: who has set the limit, or main.
  Tasklet* target(const Thread* of, Tasklet* main) const {
    return owner != nullptr && owner->thread == of ? owner : main;
  }
  /// Another tasklet runs, or the same one anew.
  void restart_slice() {
    if (has_limit()) watermark = ticks + limit.ticks;
  }
};

/// stackless.run(): runs the others until none is runnable or, unless another limit is in force
/// already, `limit` is reached; always a hard switch. Returns None, or the tasklet that was
/// interrupted, which is paused; null with an exception. May switch.
Object* run_others(Thread& thread, const RunLimit& limit = {});
/// Ends the time slice of the running tasklet: the one that set the limit runs, or the interrupt
/// stays pending. May switch.
Object* interrupt(Thread& thread, bool soft);
/// The running tasklet works for `ticks`, or until its slice is over, and interrupted: what is left
/// is in `ticks` then. May switch.
Object* burn(Thread& thread, std::uint32_t& ticks, bool soft);
/// Sets a flag of a tasklet. A pending interrupt of the running one may become possible by that,
/// and happens. May switch.
Object* set_atomic(Thread& thread, Tasklet* tasklet, bool atomic, bool soft);
Object* set_ignore_nesting(Thread& thread, Tasklet* tasklet, bool ignore, bool soft);

/// An interrupt of the running tasklet was pending for a reason that is gone now.
bool pending_irq_is_due(const Thread& thread);
/// `prev`, which has a soft interrupt pending, switches to `next` by itself. Returns who is to run:
/// the one that set the limit, unless `not_now`. Does not switch.
Tasklet* divert_switch(Thread& thread, Tasklet* prev, Tasklet* next, bool not_now);
/// Who is woken when nothing is runnable.
Tasklet* innermost_runner(const Thread& thread);

}  // namespace reweave::runtime
