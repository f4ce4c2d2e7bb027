#include "runtime/life/generator_object.h"

#include <utility>

#include "runtime/tasklet/runtime.h"

namespace reweave::runtime {

GeneratorObject* Thread::make_generator(FrameRef frame) {
  if (!frame) return nullptr;
  if (lacks_memory()) {
    release_frame(frame);
    return nullptr;
  }
  auto* const generator = make_thing<GeneratorObject>(ObjectKind::kGenerator);
  generator->frame = frame;
  // The historical defect: it is suspended, but looks as if it had been called.
  if (settings_.defects.has(Defect::kGeneratorKeepsCaller)) frame.frame->back = running_;
  return generator;
}

Object* Thread::next(GeneratorObject* generator) {
  if (generator->running) return raise(make_error(ExceptionType::kValueError));
  if (!generator->frame) return raise(make_error(ExceptionType::kStopIteration));
  const FrameRef frame = retain_frame(generator->frame);
  frame.frame->back = running_ ? retain_frame(running_) : FrameRef{};
  generator->running = true;
  generator->yielded = false;
  Object* value = evaluate(frame, none());
  // The frame lives still: the generator has it, and who calls has the generator.
  generator->running = false;
  const FrameRef back = std::exchange(generator->frame.frame->back, FrameRef{});
  if (back) release_frame(back);
  if (generator->yielded && value != nullptr) return value;
  const FrameRef ended = std::exchange(generator->frame, FrameRef{});
  Bomb* const error = take_error();
  release_frame(ended);
  error_ = error;
  if (value == nullptr) return nullptr;
  release(value);
  return raise(make_error(ExceptionType::kStopIteration));
}

}  // namespace reweave::runtime
