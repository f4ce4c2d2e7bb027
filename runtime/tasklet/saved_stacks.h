// The machine stack of a thread, and the parts of it that were sliced away.
#pragma once

#include <cstdint>

#include "runtime/tasklet/tasklet.h"

namespace reweave::runtime {

struct SavedStacks {
  SliceStack machine;
  Slice host;    // The host's part, below all tasklets.
  CStack stub;   // Whoever is switched to it starts at the top of the stack.
  CStack chain;  // Head of the chain of saved stacks.
  std::uint64_t spills = 0;

  /// Some tasklet of this thread is suspended hard, or spilled.
  bool any() const { return chain.next != &chain; }
};

/// The ring of all C stacks that belong to somebody, suspended or not: the order in which the end
/// of a thread finds its tasklets. As Stackless keeps its chain of C stacks: a new one comes last,
/// before the head; and the head moves to the successor of whichever is taken out.
class StackRing {
 public:
  /// Null: it is empty.
  const StackPlace* head() const { return head_; }
  void clear() { head_ = nullptr; }
  void add(StackPlace& place) {
    if (head_ == nullptr) {
      head_ = place.next = place.previous = &place;
      return;
    }
    place.next = head_;
    place.previous = head_->previous;
    head_->previous->next = &place;
    head_->previous = &place;
  }
  /// In no ring: nothing.
  void drop(StackPlace& place) {
    if (place.next == nullptr) return;
    head_ = place.next == &place ? nullptr : place.next;
    place.next->previous = place.previous;
    place.previous->next = place.next;
    place.next = place.previous = nullptr;
  }

 private:
  StackPlace* head_ = nullptr;
};

/// A place for the running stack, under so many C-recursive levels, at the head of the chain.
CStack* make_cstack(Thread& thread, std::uint32_t nesting_level);
/// Out of the chain; what it has saved is given up.
void free_cstack(Thread& thread, CStack* cstack);
void free_cstacks(Thread& thread);

}  // namespace reweave::runtime
