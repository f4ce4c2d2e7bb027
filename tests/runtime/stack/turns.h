// Tasklets of the poorest kind, to test slices without the runtime: functions that share one sliced
// stack and take turns.
//
//   Turns turns;
//   turns.add([&] { …; turns.pass(); …; });
//   turns.run();
//
// A body may pass() the turn to the next one that has not ended, leave() for the host, who goes on
// with run(), and call spilled(f), which runs f on a shallow stack while its own deep one is put
// aside. No exception may leave a body. What a body captures by reference must not live on the
// sliced stack.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "runtime/stack/slice.h"

namespace reweave::runtime {

class Turns {
 public:
  using Body = std::function<void()>;

  Turns() {
    stack_.cache = &cache_;
    stack_.entry = &Turns::entry;
    stack_.argument = this;
  }
  Turns(const Turns&) = delete;
  Turns& operator=(const Turns&) = delete;
  ~Turns() {
    for (const auto& member : members_) cache_.release(member->slice);
    cache_.release(host_);
  }

  std::size_t add(Body body) {
    members_.push_back(std::make_unique<Member>());
    members_.back()->body = std::move(body);
    return members_.size() - 1;
  }

  /// Gives the turn to one after the other until all have ended, or one has left.
  void run() {
    for (std::size_t next = next_after(kNobody); next != kNobody; next = next_after(kNobody)) {
      if (!run_one(next)) return;
    }
  }
  /// Gives the turn to that one; returns when somebody's body has ended, or left: then false.
  bool run_one(std::size_t index) {
    left_ = false;
    turn_ = index;
    Member& member = *members_[index];
    const bool started = member.started;
    member.started = true;
    if (stack_.base == nullptr) {
      enter_sliced(stack_, host_);
    } else {
      Slice fresh;
      switch_slices(stack_, &host_, started ? member.slice : fresh);
    }
    cache_.release(host_);
    return !left_;
  }
  /// Forgets a suspended one, as it is: no destructor on its stack runs.
  void abandon(std::size_t index) {
    cache_.release(members_[index]->slice);
    members_[index]->ended = true;
  }
  bool all_ended() const {
    for (const auto& member : members_) {
      if (!member->ended) return false;
    }
    return true;
  }

  // ---- For bodies ----

  void pass() {
    const std::size_t next = next_after(turn_);
    if (next == kNobody || next == turn_) return;
    Member& from = *members_[turn_];
    Member& to = *members_[next];
    turn_ = next;
    const bool started = to.started;
    to.started = true;
    Slice fresh;
    switch_slices(stack_, &from.slice, started ? to.slice : fresh);
    cache_.release(from.slice);
  }
  void leave() {
    left_ = true;
    Member& me = *members_[turn_];
    switch_slices(stack_, &me.slice, host_);
    cache_.release(me.slice);
  }
  void spilled(Body body) {
    auto* const spill = new Spill{std::move(body), {}, {}};
    spill_ = spill;
    ++spills_;
    Slice fresh;
    switch_slices(stack_, &spill->deep, fresh);
    const std::exception_ptr error = spill->error;
    cache_.release(spill->deep);
    delete spill;
    if (error) std::rethrow_exception(error);
  }

  const SliceStack& stack() const { return stack_; }
  SliceCache& cache() { return cache_; }
  const Slice& slice(std::size_t index) const { return members_[index]->slice; }
  std::uint64_t spills() const { return spills_; }

 private:
  static constexpr std::size_t kNobody = ~std::size_t{0};

  struct Member {
    Body body;
    Slice slice;
    bool started = false;
    bool ended = false;
  };
  struct Spill {
    Body body;
    Slice deep;
    std::exception_ptr error;
  };

  static void entry(void* turns) { static_cast<Turns*>(turns)->begin(); }

  void begin() {
    if (Spill* const spill = spill_) {
      spill_ = nullptr;
      run_spill(spill);
      switch_slices(stack_, nullptr, spill->deep);
    }
    members_[turn_]->body();
    members_[turn_]->ended = true;
    switch_slices(stack_, nullptr, host_);
  }
  // Its own frame, so that nothing of it, such as a caught exception, is there at the jump back.
  static void run_spill(Spill* spill) {
    try {
      spill->body();
    } catch (...) {
      spill->error = std::current_exception();
    }
  }

  std::size_t next_after(std::size_t index) const {
    const std::size_t count = members_.size();
    for (std::size_t i = 1; i <= count; ++i) {
      const std::size_t next = index == kNobody ? i - 1 : (index + i) % count;
      if (!members_[next]->ended) return next;
    }
    return kNobody;
  }

  SliceCache cache_;
  SliceStack stack_;
  Slice host_;
  std::vector<std::unique_ptr<Member>> members_;
  std::size_t turn_ = 0;  // Whose it is.
  bool left_ = false;
  Spill* spill_ = nullptr;  // What the fresh slice that is being entered runs; null: a member.
  std::uint64_t spills_ = 0;
};

}  // namespace reweave::runtime
