#include "runtime/life/generator_object.h"

#include <utility>

#include "runtime/life/make_thing.h"
#include "runtime/tasklet/allocation.h"
#include "runtime/tasklet/callbacks.h"
#include "runtime/tasklet/frame_cache.h"

namespace reweave::runtime {

GeneratorObject* make_generator(Thread& thread, FrameRef frame) {
  if (!frame) return nullptr;
  if (lacks_memory(thread)) {
    release_frame(thread, frame);
    return nullptr;
  }
  auto* const generator = make_thing<GeneratorObject>(thread, ObjectKind::kGenerator);
  generator->frame = frame;
  // The historical defect: it is suspended, but looks as if it had been called.
  if (thread.settings().defects.has(Defect::kGeneratorKeepsCaller))
    frame.frame->back = thread.evaluation().running;
  return generator;
}

namespace {

// The running frame asks for a value. The generator's frame, owned.
FrameRef begin_turn(Thread& thread, GeneratorObject* generator) {
  const FrameRef frame = retain_frame(thread, generator->frame);
  frame.frame->back =
      thread.evaluation().running ? retain_frame(thread, thread.evaluation().running) : FrameRef{};
  generator->begun = generator->running = true;
  generator->yielded = false;
  return frame;
}

// `value`: what its frame returned.
Object* end_turn(Thread& thread, GeneratorObject* generator, Object* value) {
  // The frame lives still: the generator has it, and who calls has the generator. Only a defect
  // takes either away.
  if (generator->dead || !generator->frame) [[unlikely]]
    report_dangling_object(thread, generator, "resumed");
  generator->running = false;
  const FrameRef back = std::exchange(generator->frame.frame->back, FrameRef{});
  if (back) release_frame(thread, back);
  if (generator->yielded && value != nullptr) return value;
  const FrameRef ended = std::exchange(generator->frame, FrameRef{});
  Bomb* const error = thread.take_error();
  release_frame(thread, ended);
  thread.set_error(error);
  if (value == nullptr) return nullptr;
  thread.release(value);
  return thread.raise(thread.make_error(ExceptionType::kStopIteration));
}

// `value`: what it goes on with, owned; null: the pending exception is raised in it.
Object* resume_generator(Thread& thread, GeneratorObject* generator, Object* value) {
  return end_turn(thread, generator, evaluate(thread, begin_turn(thread, generator), value));
}

GeneratorObject* generator_of(FrameRef at) {
  const Code* const code = at.frame->code;
  return code == nullptr || code->generator_of == nullptr ? nullptr : code->generator_of(*at.frame);
}

}  // namespace

Object* next_value(Thread& thread, GeneratorObject* generator) {
  if (generator->running) return thread.raise(thread.make_error(ExceptionType::kValueError));
  if (!generator->frame) return thread.raise(thread.make_error(ExceptionType::kStopIteration));
  return resume_generator(thread, generator, thread.none());
}

Object* begin_soft_turn(Thread& thread, GeneratorObject* generator) {
  return call_softly(thread, begin_turn(thread, generator), thread.none());
}

Object* end_soft_turn(Thread& thread, GeneratorObject* generator, Object* value) {
  return end_turn(thread, generator, value);
}

// Each reference that a generator gives back here is not the last one: who called has another, or
// the tasklet. So nothing dies before the innermost frame does, as everywhere.
void drop_frames(Thread& thread, FrameRef innermost) {
  if (!innermost) return;
  const bool stays = thread.settings().defects.has(Defect::kGeneratorStaysExecuting);
  for (FrameRef at = innermost; !stays && at; at = at.frame->back) {
    if (at.frame->generation != at.generation) break;  // Only under a defect.
    GeneratorObject* const generator = generator_of(at);
    if (generator == nullptr || generator->dead || generator->frame.frame != at.frame) continue;
    generator->running = false;
    release_frame(thread, std::exchange(generator->frame, FrameRef{}));
  }
  release_frame(thread, innermost);
}

void give_up_frames(Thread& thread, FrameRef innermost, bool on_c_stack) {
  if (!on_c_stack) return drop_frames(thread, innermost);
  if (innermost) release_frame(thread, innermost);
}

// What it yields or raises then is for nobody.
void close_generator(Thread& thread, GeneratorObject* generator) {
  if (!generator->is_suspended()) return;
  generator->closed = true;
  if (thread.evaluation().nesting_level >= Evaluation::kNestingMax) return;
  const Interruption interruption = interrupt_operation(thread);
  Bomb* const exit = thread.heap().make<Bomb>(ObjectKind::kBomb);  // Needs no memory: it is a type.
  exit->type = ExceptionType::kGeneratorExit;
  thread.raise(exit);
  Object* const value = resume_generator(thread, generator, nullptr);
  thread.release(value != nullptr ? value : thread.take_error());
  resume_operation(interruption);
}

bool close_last(Thread& thread, GeneratorObject* generator) {
  generator->refs = 1;
  close_generator(thread, generator);
  return --generator->refs == 0;
}

}  // namespace reweave::runtime
