#include "runtime/tasklet/frame_cache.h"

#include <string>

#include "runtime/tasklet/allocation.h"
#include "runtime/tasklet/thread.h"

namespace reweave::runtime {

void FrameCache::clear() {
  forget_codes();
  free = nullptr;
  free_count = 0;
  counts = {};
}

void FrameCache::forget_codes() {
  for (Code* code : codes_with_zombie) {
    code->zombie = FrameRef{};
    code->has_had_zombie = false;
  }
  codes_with_zombie.clear();
}

void FrameCache::forget_code(Code& code) {
  std::erase(codes_with_zombie, &code);
  code.zombie = FrameRef{};
  code.has_had_zombie = false;
  for (Frame* frame = free; frame != nullptr; frame = frame->next_free) {
    sanitizer::unpoison(&frame->code, sizeof frame->code);
    if (frame->code == &code) frame->code = nullptr;
    sanitizer::poison(&frame->code, sizeof frame->code);
  }
}

FrameHoldings FrameCache::held() const {
  FrameHoldings held;
  for (const Code* code : codes_with_zombie) {
    if (!code->zombie) continue;
    ++held.zombies;
    held.zombie_bytes += code->zombie.frame->bytes;
  }
  for (const Frame* frame = free; frame != nullptr; frame = frame->next_free) {
    ++held.free;
    held.free_bytes += frame->bytes;
  }
  return held;
}

namespace {

// Both ways to make a frame, and the one to end it, contain their common part: they are what most
// executions spend most of their time with, and a call would cost as much as a third of the work.
[[gnu::always_inline]] inline Frame* take_frame(Thread& thread, Code& code) {
  Frame* frame = nullptr;
  if (code.zombie.frame != nullptr) {
    frame = code.zombie.frame;
    code.zombie = FrameRef{};
    ++thread.shared().frames.counts.from_zombie;
    thread.heap().revive(frame);
  } else {
    // The free list is shared by all codes: the first frame that is large enough will do.
    Frame** link = &thread.shared().frames.free;
    while (*link != nullptr &&
           (*link)->bytes < sizeof(Frame) + ((code.locals_bytes + 7u) & ~std::size_t{7})) {
      link = &(*link)->next_free;
    }
    frame = *link;
    if (frame != nullptr) {
      *link = frame->next_free;
      --thread.shared().frames.free_count;
      ++thread.shared().frames.counts.from_free_list;
      thread.heap().revive(frame);
    }
  }
  if (frame == nullptr) {
    ++thread.shared().frames.counts.made;
    frame =
        thread.heap().make<Frame>(ObjectKind::kFrame, (code.locals_bytes + 7u) & ~std::size_t{7});
  }
  frame->next_free = nullptr;
  frame->code = &code;
  // A call of memset would cost more than the few words that there are.
  auto* const words = reinterpret_cast<std::uint64_t*>(frame + 1);
  for (std::uint32_t i = 0; i * sizeof *words < code.locals_bytes; ++i) words[i] = 0;
  return frame;
}

}  // namespace

FrameRef make_root_frame(Thread& thread, Code& code) {
  Frame* const frame = take_frame(thread, code);
  frame->back = FrameRef{};
  frame->site = code.entry;
  return {frame, frame->generation};
}

FrameRef make_frame(Thread& thread, Code& code, SiteId site) {
  if (lacks_memory(thread)) [[unlikely]]
    return {};
  return make_called_frame(thread, code, site);
}

FrameRef make_called_frame(Thread& thread, Code& code, SiteId site) {
  Frame* const frame = take_frame(thread, code);
  frame->back =
      thread.evaluation().running ? retain_frame(thread, thread.evaluation().running) : FrameRef{};
  frame->site = site;
  return {frame, frame->generation};
}

namespace {

[[gnu::always_inline]] inline void park_frame(Thread& thread, Frame* frame) {
  frame->parked_step = thread.execution().steps();
  frame->parked_by = thread.current() == nullptr ? 0 : thread.current()->number;
  Code* const code = frame->code;
  if (thread.settings().zombie_frames && code->zombie.frame == nullptr) {
    thread.heap().retire(frame);
    code->zombie = {frame, frame->generation};
    if (!code->has_had_zombie) thread.shared().frames.codes_with_zombie.push_back(code);
    code->has_had_zombie = true;
  } else if (thread.shared().frames.free_count < thread.settings().free_frames_max) {
    frame->next_free = thread.shared().frames.free;
    thread.shared().frames.free = frame;
    ++thread.shared().frames.free_count;
    thread.heap().retire(frame);
    // Who looks through the list must be able to read the links of parked frames.
    sanitizer::unpoison(&frame->next_free, sizeof frame->next_free);
  } else {
    thread.heap().retire(frame);
  }
}

}  // namespace

// The last reference is gone.
void end_frame(Thread& thread, Frame* frame) {
  const FrameRef back = frame->back;
  frame->back = FrameRef{};
  // With the defect what is about to be the zombie is left as it is: the next call of its code will
  // overwrite it.
  const bool becomes_zombie =
      thread.settings().zombie_frames && frame->code->zombie.frame == nullptr;
  const bool left = becomes_zombie && thread.settings().defects.has(Defect::kZombieKeepsLocals);
  if (frame->code->clear_locals != nullptr && !left) frame->code->clear_locals(thread, *frame);
  park_frame(thread, frame);
  if (back) release_frame(thread, back);
}

}  // namespace reweave::runtime
