#include "runtime/oracle/parked_frames.h"

#include "runtime/life/references.h"
#include "runtime/tasklet/ledger.h"
#include "scheduler/machine/sanitizer.h"

namespace reweave::runtime {

namespace {

/// Remembers the first counted reference that it is told of.
class FirstReference final : public ReferenceVisitor {
 public:
  void visit(Object* object) override {
    if (first_ == nullptr && object != nullptr && object->kind != ObjectKind::kNone)
      first_ = object;
  }
  void visit_frame(FrameRef frame) override { visit(frame.frame); }
  const Object* first() const { return first_; }

 private:
  const Object* first_ = nullptr;
};

/// What is parked is out of reach but for its header; opens it for as long as this lives.
class Opened {
 public:
  explicit Opened(Frame& frame) : frame_(frame) { sanitizer::unpoison(body(), bytes()); }
  ~Opened() {
    sanitizer::poison(body(), bytes());
    sanitizer::unpoison(&frame_.next_free, sizeof frame_.next_free);
  }
  Opened(const Opened&) = delete;
  Opened& operator=(const Opened&) = delete;

 private:
  const std::byte* body() const {
    return reinterpret_cast<const std::byte*>(&frame_) + sizeof(Object);
  }
  std::size_t bytes() const { return frame_.bytes - sizeof(Object); }

  Frame& frame_;
};

ParkedFrameFault look_at(Frame& frame) {
  if (!frame.dead) return {"parked-frame-runs", &frame};
  const Opened opened(frame);
  if (frame.back) return {"parked-frame-keeps-caller", &frame};
  if (frame.code == nullptr || frame.code->visit_locals == nullptr) return {};
  FirstReference visitor;
  frame.code->visit_locals(frame, visitor);
  if (visitor.first() == nullptr) return {};
  return {"parked-frame-keeps-reference", &frame, visitor.first()};
}

// Parked in an earlier step than `since`.
bool is_older(const Frame& frame, std::uint64_t since) {
  if (since == 0) return false;
  sanitizer::unpoison(&frame.parked_step, sizeof frame.parked_step);
  const bool older = frame.parked_step < since;
  if (frame.dead) sanitizer::poison(&frame.parked_step, sizeof frame.parked_step);
  return older;
}

}  // namespace

ParkedFrameFault look_at_parked_frames(const FrameCache& cache, std::uint64_t since) {
  for (const Code* const code : cache.codes_with_zombie) {
    if (!code->zombie) continue;
    Frame& frame = *code->zombie.frame;
    if (is_older(frame, since)) continue;
    if (frame.generation != code->zombie.generation) return {"parked-frame-of-another", &frame};
    if (ParkedFrameFault fault = look_at(frame); fault.rule != nullptr) return fault;
    const Opened opened(frame);
    if (frame.code != code) return {"parked-frame-of-another", &frame};
  }
  for (Frame* frame = cache.free; frame != nullptr; frame = frame->next_free) {
    if (is_older(*frame, since)) break;  // They lie in order: the last one is the first.
    if (ParkedFrameFault fault = look_at(*frame); fault.rule != nullptr) return fault;
  }
  return {};
}

std::string describe(const ParkedFrameFault& fault, const LedgerNames& names) {
  const Opened opened(*fault.frame);
  std::string text = "the frame that " + names.tasklet(fault.frame->parked_by) +
                     " parked in step " + std::to_string(fault.frame->parked_step);
  if (fault.held != nullptr)
    text += std::string(" keeps a reference to a ") + object_kind_name(fault.held->kind);
  return text;
}

}  // namespace reweave::runtime
