// The places that the actors of an execution run on, all of one kind, and the switch between them.
//
// Places are made when they are first asked for and kept; execution after execution uses the same
// ones from 0 upwards, so that an execution costs no system call. Their addresses do not change.
//
// One machine belongs to one OS thread. A child made by fork() may go on with plain places; the
// parked threads of borrowed ones do not exist in it, so there they are made anew.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "scheduler/base/reweave_check.h"
#include "scheduler/machine/context.h"

namespace reweave {

class Machine {
 public:
  static constexpr std::uint32_t kPlacesMax = 1024;

  virtual ~Machine();
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  /// To be called before each execution, by the OS thread that runs it.
  void begin() {
    if (looks_each_time_ || home_.thread_pointer != thread_pointer()) [[unlikely]]
      look_where_it_is();
  }

  /// How many places there are; place() may be called for these.
  std::uint32_t places() const { return places_; }
  Context& place(std::uint32_t number) {
    REWEAVE_DCHECK(number < places_);
    return contexts_[number];
  }
  /// Makes places until there are `count`, at most kPlacesMax. Only while the OS thread runs on its
  /// own stack: this allocates and makes system calls. Aborts when the system has no memory.
  void grow(std::uint32_t count);

  /// Where the OS thread itself runs; valid after begin().
  Context& home() { return home_; }
  SwitchFunction switch_function() const { return switch_; }
  /// "plain" or "borrowed", for reports.
  virtual const char* name() const = 0;

 protected:
  explicit Machine(SwitchFunction function, bool looks_each_time = false);
  /// Called by begin() in another OS thread than before, or each time.
  virtual void look_where_it_is();
  /// Fills in top, stack and what else the switch needs. `number` staggers the top.
  virtual void make(Context& context, std::uint32_t number) = 0;
  void forget_places() { places_ = 0; }
  const Context& context(std::uint32_t number) const { return contexts_[number]; }

 private:
  SwitchFunction switch_;
  bool looks_each_time_;
  std::uint32_t places_ = 0;
  Context home_;
  std::unique_ptr<Context[]> contexts_;
};

/// How far the top of stack `number` lies below the end of its memory: a few cache lines more from
/// each to the next, and back again after 4 KiB, since the tops of equally aligned stacks would
/// compete for the same lines of the cache.
constexpr std::size_t stagger_bytes(std::uint32_t number) { return number % 21 * 192; }

}  // namespace reweave
