// The life of frames: made, parked as the zombie of their code or on the free list, revived, found
// dangling.
#include <string>

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

// Both ways to make a frame, and the one to end it, contain their common part: they are what most
// executions spend most of their time with, and a call would cost as much as a third of the work.
[[gnu::always_inline]] inline Frame* Thread::take_frame(Code& code) {
  Frame* frame = nullptr;
  if (code.zombie.frame != nullptr) {
    frame = code.zombie.frame;
    code.zombie = FrameRef{};
    ++frames_.counts.from_zombie;
    heap_.revive(frame);
  } else {
    // The free list is shared by all codes: the first frame that is large enough will do.
    Frame** link = &frames_.free;
    while (*link != nullptr &&
           (*link)->bytes < sizeof(Frame) + ((code.locals_bytes + 7u) & ~std::size_t{7})) {
      link = &(*link)->next_free;
    }
    frame = *link;
    if (frame != nullptr) {
      *link = frame->next_free;
      --frames_.free_count;
      ++frames_.counts.from_free_list;
      heap_.revive(frame);
    }
  }
  if (frame == nullptr) {
    ++frames_.counts.made;
    frame = heap_.make<Frame>(ObjectKind::kFrame, (code.locals_bytes + 7u) & ~std::size_t{7});
  }
  frame->next_free = nullptr;
  frame->code = &code;
  // A call of memset would cost more than the few words that there are.
  auto* const words = reinterpret_cast<std::uint64_t*>(frame + 1);
  for (std::uint32_t i = 0; i * sizeof *words < code.locals_bytes; ++i) words[i] = 0;
  return frame;
}

FrameRef Thread::make_root_frame(Code& code) {
  Frame* const frame = take_frame(code);
  frame->back = FrameRef{};
  frame->site = code.entry;
  return {frame, frame->generation};
}

FrameRef Thread::make_frame(Code& code, SiteId site) {
  if (lacks_memory()) [[unlikely]]
    return {};
  return make_called_frame(code, site);
}

FrameRef Thread::make_called_frame(Code& code, SiteId site) {
  Frame* const frame = take_frame(code);
  frame->back = running_ ? retain_frame(running_) : FrameRef{};
  frame->site = site;
  return {frame, frame->generation};
}

[[gnu::always_inline]] inline void Thread::park_frame(Frame* frame) {
  frame->parked_step = execution_->steps();
  frame->parked_by = current_ == nullptr ? 0 : current_->number;
  Code* const code = frame->code;
  if (settings_.zombie_frames && code->zombie.frame == nullptr) {
    heap_.retire(frame);
    code->zombie = {frame, frame->generation};
    if (!code->has_had_zombie) frames_.codes_with_zombie.push_back(code);
    code->has_had_zombie = true;
  } else if (frames_.free_count < settings_.free_frames_max) {
    frame->next_free = frames_.free;
    frames_.free = frame;
    ++frames_.free_count;
    heap_.retire(frame);
    // Who looks through the list must be able to read the links of parked frames.
    sanitizer::unpoison(&frame->next_free, sizeof frame->next_free);
  } else {
    heap_.retire(frame);
  }
}

// The last reference is gone.
void Thread::end_frame(Frame* frame) {
  const FrameRef back = frame->back;
  frame->back = FrameRef{};
  // With the defect what is about to be the zombie is left as it is: the next call of its code will
  // overwrite it.
  const bool becomes_zombie = settings_.zombie_frames && frame->code->zombie.frame == nullptr;
  const bool left = becomes_zombie && settings_.defects.has(Defect::kZombieKeepsLocals);
  if (frame->code->clear_locals != nullptr && !left) frame->code->clear_locals(*this, *frame);
  park_frame(frame);
  if (back) release_frame(back);
}

void Thread::report_dangling_frame(FrameRef ref, const char* doing) {
  // Everything but the header may be poisoned if the frame is still parked: open it for the report.
  Frame* const frame = ref.frame;
  const bool parked = frame->dead;
  if (parked) heap_.revive(frame);
  {  // Nothing that allocates may be alive where the stack is abandoned.
    const std::string site = names_->site(frame->site);
    const std::string user = current_ == nullptr ? "nobody" : std::to_string(current_->number);
    std::string message = "the frame that stood at " + site + " was " + doing + " by tasklet " +
                          user + ", but tasklet " + std::to_string(frame->parked_by) +
                          " had released it for the last time at step " +
                          std::to_string(frame->parked_step) +
                          (parked ? "; it is parked" : "; it serves another call now");
    Finding finding;
    finding.kind = FindingKind::kDanglingFrame;
    finding.step = execution_->steps();
    finding.signature = std::string("dangling-frame ") + doing;
    finding.message = std::move(message);
    finding.oracle = "generations";
    execution_->report(std::move(finding), /*stops=*/true);
  }
  abandon();
}

}  // namespace reweave::runtime
