// `async` and `asyncstop`: the pool's steps, each of which may be left softly.
#include "runtime/service/call_async.h"

#include "runtime/interpreter/locals.h"
#include "runtime/tasklet/channel.h"

namespace reweave::runtime {

// Turn 0 gives the job away, turn 1 waits for what comes of it, turn 2 leaves the atomic section.
// Meanwhile the frame holds the call's channel, and in the last turn the exception that is raised
// after it.
Object* Interpreter::call_async(const Op& op, Locals& locals, Frame& frame) {
  Tasklet* const current = thread().current();
  if (locals.turn == 0) {
    Channel* const reply = pool_.open();
    if (reply == nullptr) return nullptr;
    locals.held = reply;
    locals.was_atomic = current->atomic;
    current->atomic = true;
    locals.token = pool_.draw_number();
    thread().log(EventKind::kAsync, {static_cast<std::int32_t>(locals.token)});
    return pool_.submit(bodies_[static_cast<std::size_t>(op.args[0])].code, reply, frame.site,
                        locals.token, soft());
  }
  if (locals.turn == 1) {
    pool_.pass_point(frame.site);
    open_reception(thread(), locals.reception);
    return take(thread(), static_cast<Channel*>(locals.held), soft());
  }
  return set_atomic(thread(), current, false, soft());
}

// `value` is what the turn came to, or null and an exception.
Object* Interpreter::called_async(Locals& locals, Frame& frame, Object* value) {
  if (locals.turn == 2) {
    auto* const error = static_cast<Bomb*>(locals.held);
    locals.held = nullptr;
    if (error == nullptr) return value;
    if (value != nullptr) {
      thread().release(value);
      return thread().raise(error);
    }
    thread().release(error);  // An exception came while it was on its way.
    return nullptr;
  }
  if (locals.held == nullptr) return nullptr;  // It did not begin.
  if (locals.turn == 0 && value != nullptr) {
    thread().release(value);
    locals.turn = 1;
    return kAgain;
  }
  if (locals.turn == 1) close_reception(thread(), locals.reception, frame.site, value);
  if (locals.turn == 1 && value != nullptr) {
    thread().log(EventKind::kReturned,
                 {static_cast<std::int32_t>(locals.token), number_of(*value)});
  }
  auto* const reply = static_cast<Channel*>(locals.held);
  locals.held = nullptr;
  pool_.hang_up(reply);
  const bool was_atomic = locals.was_atomic;
  locals.was_atomic = false;
  if (was_atomic) return value;
  if (value == nullptr) {
    locals.held = thread().take_error();
  } else {
    thread().release(value);
  }
  locals.turn = 2;
  return kAgain;
}

// One turn for each caller that is told, and for each worker that is woken.
Object* Interpreter::stop_pool(Locals& locals) {
  if (locals.turn == 0) {
    thread().log(EventKind::kAsyncStop, {static_cast<std::int32_t>(pool_.jobs_waiting())});
    pool_.refuse_jobs();
  }
  return pool_.stop_step(locals.held, soft());
}

}  // namespace reweave::runtime
