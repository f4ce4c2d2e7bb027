// Operations that only take time: what a watchdog is there to interrupt.
//
// Nothing happens during a slice that somebody could see, so a whole slice is one turn: a spin for
// 20,000 ticks costs no more than one for 2.
#include "runtime/interpreter/locals.h"

namespace reweave::runtime {

namespace {
// A spin that cannot be interrupted would never end, as in the real thing: it gives up instead.
constexpr std::uint32_t kSlicesMax = 3, kSpinschedTurnsMax = 100'000;
constexpr std::uint32_t kTurnsPerStep = 64;
}  // namespace

// One turn. May switch.
Object* Interpreter::work(const Op& op, Locals& locals) {
  if (op.code == OpCode::kBurn) {
    if (locals.turn == 0) locals.token = static_cast<std::uint32_t>(op.args[0]);
    return burn(thread(), locals.token, soft());
  }
  if (!spins_on(op, locals.turn)) return thread().none();
  std::uint32_t ticks = thread().watchdog().has_limit() ? thread().watchdog().slice_left() : 0;
  if (op.code == OpCode::kSpinsched) {
    if (locals.turn % kTurnsPerStep == kTurnsPerStep - 1 &&
        !thread().execution().step(thread().current()->actor,
                                   thread().evaluation().running.frame->site)) {
      thread().abandon();
    }
    if (locals.turn % 2 == 1) return thread().schedule(soft());
    // Others see how often it switches.
    if (thread().queue().count > 1 && ticks > 1) ticks = 1;
  }
  return burn(thread(), ticks, soft());
}

bool Interpreter::spins_on(const Op& op, std::uint32_t turn) const {
  if (runto_returned_) return false;
  if (op.code == OpCode::kSpinsched) {
    return turn < kSpinschedTurnsMax &&
           (thread().watchdog().has_limit() || thread().queue().count > 1);
  }
  return turn < kSlicesMax && thread().watchdog().has_limit();
}

Object* Interpreter::execute_hspin(Thread& thread, FrameRef self, Object* value) {
  if (value == nullptr) return nullptr;
  const auto* const interpreter = static_cast<const Interpreter*>(self.frame->code->body);
  for (std::uint32_t turn = 0; interpreter->spins_on(Op{.code = OpCode::kHspin}, turn); ++turn) {
    std::uint32_t ticks = thread.watchdog().slice_left();
    Object* const worked = burn(thread, ticks, /*soft=*/false);
    check_frame(thread, self, "resumed");
    thread.release(value);
    value = worked;
    if (value == nullptr) return nullptr;
  }
  return value;
}

}  // namespace reweave::runtime
