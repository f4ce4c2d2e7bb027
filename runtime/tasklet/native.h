// C++ functions as tasklets: how the runtime is used without the scenario language.
//
//   NativeCode worker([](Thread& thread) {
//     Object* value = receive(thread, channel, site);
//     if (value == nullptr) return static_cast<Object*>(nullptr);   // an exception: pass it on
//     thread.release(value);
//     return thread.none();
//   });
//   Tasklet* tasklet = thread.bind(worker.code());
//
// The body runs on the sliced machine stack, so every switch out of it is hard: its local variables
// are copied away and put back at the same addresses. Pointers to them must not be given to other
// tasklets. A body that is suspended when the execution ends is abandoned: the destructors of its
// locals do not run.
#pragma once

#include <functional>
#include <utility>

#include "runtime/tasklet/channel.h"
#include "runtime/tasklet/thread.h"

namespace reweave::runtime {

class NativeCode {
 public:
  /// Returns an owned value, or null with an exception pending; never kUnwind; throws no C++
  /// exception.
  using Body = std::function<Object*(Thread& thread)>;

  /// `site` names its entry in questions. The object must outlive every execution that uses it.
  explicit NativeCode(Body body, SiteId site = {}) : body_(std::move(body)) {
    code_.execute = &NativeCode::execute;
    code_.entry = site;
    code_.body = this;
  }
  NativeCode(const NativeCode&) = delete;
  NativeCode& operator=(const NativeCode&) = delete;

  Code& code() { return code_; }

 private:
  static Object* execute(Thread& thread, FrameRef self, Object* value) {
    if (value == nullptr) return nullptr;  // Killed before it ran.
    thread.release(value);
    const auto* const native = static_cast<const NativeCode*>(self.frame->code->body);
    // One level deeper for the runtime's book-keeping: what is suspended in here has C state.
    ++thread.evaluation().nesting_level;
    Object* const result = native->body_(thread);
    --thread.evaluation().nesting_level;
    return result;
  }

  Body body_;
  Code code_;
};

}  // namespace reweave::runtime
