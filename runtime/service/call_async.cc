#include "runtime/service/call_async.h"

#include <utility>

#include "runtime/tasklet/channel.h"
#include "runtime/tasklet/frame_cache.h"
#include "runtime/tasklet/runtime.h"

namespace reweave::runtime {

AsyncPool::AsyncPool(Runtime& runtime) : runtime_(runtime) {
  worker_code_.execute = &AsyncPool::work;
  worker_code_.clear_locals = &AsyncPool::clear_worker;
  worker_code_.visit_locals = &AsyncPool::visit_worker;
  worker_code_.locals_bytes = sizeof(WorkerLocals);
  worker_code_.body = this;
}

void AsyncPool::begin() {
  worker_code_.zombie = FrameRef{};
  jobs_.clear();
  wake_ = nullptr;
  workers_max_ = kWorkersUnlessSaid;
  workers_ = jobs_made_ = 0;
  stopped_ = false;
}

void AsyncPool::visit_roots(ReferenceVisitor& visitor) const {
  for (const Job& job : jobs_) visitor.visit(job.reply);
  visitor.visit(wake_);
}

// ---- For callers ----

// The lowest number that no thread has had in this execution; 0: none is left.
std::uint32_t AsyncPool::free_thread() {
  for (std::uint32_t number = 1; number < Runtime::kThreadsMax; ++number) {
    if (runtime_.thread(number) == nullptr) return number;
  }
  return 0;
}

bool AsyncPool::grow() {
  const std::uint32_t number = workers_ < workers_max_ ? free_thread() : 0;
  if (number == 0) return false;
  runtime_.start_thread(number, worker_code_);
  ++workers_;
  return true;
}

Channel* AsyncPool::wake_channel(Thread& thread) {
  if (wake_ == nullptr) {
    wake_ = thread.make_channel(Channel::kUnnamed, /*beforehand=*/true);
    wake_->preference = 1;
  }
  return wake_;
}

Channel* AsyncPool::open() {
  Thread& thread = runtime_.running();
  if (stopped_) {
    thread.raise_runtime_error(ErrorCode::kPoolStopped);
    return nullptr;
  }
  if (workers_ == 0 && (workers_max_ == 0 || free_thread() == 0)) {
    thread.raise_runtime_error(ErrorCode::kNoWorker);
    return nullptr;
  }
  Channel* const reply = thread.make_channel(Channel::kUnnamed);
  if (reply != nullptr) reply->preference = 1;  // The sender goes on.
  return reply;
}

Object* AsyncPool::submit(Code& code, Channel* reply, SiteId site, std::uint32_t number,
                          bool soft) {
  Thread& thread = runtime_.running();
  const Job job{.code = &code, .reply = retain(reply), .site = site, .number = number};
  if (wake_channel(thread)->balance < 0) {
    // It is in the list before anybody is woken for it. Whoever takes it first may have it.
    jobs_.push_back(job);
    return send_signal(thread, wake_, soft);
  }
  pass_point(site);
  jobs_.push_back(job);
  grow();
  return thread.none();
}

void AsyncPool::hang_up(Channel* reply) {
  reply->closing = true;
  runtime_.running().release(reply);
}

Object* AsyncPool::call(Code& code, SiteId site) {
  Thread& thread = runtime_.running();
  Tasklet* const self = thread.current();
  Channel* const reply = open();
  if (reply == nullptr) return nullptr;
  const bool was_atomic = self->atomic;
  self->atomic = true;
  Object* value = submit(code, reply, site, draw_number(), /*soft=*/false);
  if (value != nullptr) {
    thread.release(value);
    pass_point(site);
    value = receive(thread, reply, site);
  }
  hang_up(reply);
  if (was_atomic) return value;
  Bomb* const error = value == nullptr ? thread.take_error() : nullptr;
  Object* const left = set_atomic(thread, self, false, /*soft=*/false);
  if (left == nullptr) {
    thread.release(error != nullptr ? error : value);
    return nullptr;
  }
  thread.release(left);
  return error != nullptr ? thread.raise(error) : value;
}

// ---- Shutdown ----

// The oldest job will not be done: its caller is told. None also if there is no job, or if nobody
// listens.
Object* AsyncPool::fail_next_job(Thread& thread, ErrorCode code, Object*& held, bool soft) {
  if (jobs_.empty()) return thread.none();
  const Job job = jobs_.front();
  jobs_.erase(jobs_.begin());
  if (job.reply->closing || job.reply->refs == 1) {
    thread.release(job.reply);
    return thread.none();
  }
  Bomb* const bomb = thread.make_error(ExceptionType::kRuntimeError, code);
  // The caller may have been made runnable by somebody else, and hang up while this waits.
  held = job.reply;
  return send(thread, job.reply, bomb, job.site, soft);
}

Object* AsyncPool::stop_step(Object*& held, bool soft) {
  Thread& thread = runtime_.running();
  if (!jobs_.empty()) return fail_next_job(thread, ErrorCode::kPoolStopped, held, soft);
  if (wake_ != nullptr && wake_->balance < 0) return send_signal(thread, wake_, soft);
  return thread.none();
}

Object* AsyncPool::stop() {
  Thread& thread = runtime_.running();
  refuse_jobs();
  while (!has_stopped()) {
    Object* held = nullptr;
    Object* const told = stop_step(held, /*soft=*/false);
    if (held != nullptr) thread.release(held);
    if (told == nullptr) return nullptr;
    thread.release(told);
  }
  return thread.none();
}

// ---- Workers ----

void AsyncPool::clear_worker(Thread& thread, Frame& frame) {
  Job& job = frame.locals<WorkerLocals>().job;
  Channel* const reply = job.reply;
  job.reply = nullptr;
  if (reply != nullptr) thread.release(reply);
  Object* const told = std::exchange(frame.locals<WorkerLocals>().told, nullptr);
  if (told != nullptr) thread.release(told);
}

void AsyncPool::visit_worker(Frame& frame, ReferenceVisitor& visitor) {
  visitor.visit(frame.locals<WorkerLocals>().job.reply);
  visitor.visit(frame.locals<WorkerLocals>().told);
}

// What a job came to: its value is a fresh one; null: the pending exception. Consumes `result`.
Object* AsyncPool::send_result(Thread& thread, const Job& job, Object* result) {
  Token* message = nullptr;
  if (result != nullptr) {
    thread.release(result);
    message = thread.make_token();
  }
  if (message == nullptr) {
    // An exception is carried over as a new one of its kind: it may be somebody's already.
    Bomb* const raised = thread.take_error();
    message = thread.make_bomb(raised->type, raised->code);
    thread.release(raised);
  }
  if (message == nullptr) message = thread.take_error();  // MemoryError, which is there already.
  // Its caller may have vanished without a word.
  if (job.reply->refs == 1) job.reply->closing = true;
  return send(thread, job.reply, message, job.site, soft());
}

// The life of a worker: a frame that is entered again after each switch, and after each job.
Object* AsyncPool::work(Thread& thread, FrameRef self, Object* value) {
  using Stage = WorkerLocals::Stage;
  auto& pool = *static_cast<AsyncPool*>(const_cast<void*>(self.frame->code->body));
  auto& locals = self.frame->locals<WorkerLocals>();
  do {
    check_frame(thread, self, "resumed");
    switch (locals.stage) {
      case Stage::kFresh:
        if (value == nullptr) return nullptr;
        thread.log(EventKind::kThreadStart, {static_cast<std::int32_t>(thread.number())});
        thread.release(value);
        locals.stage = Stage::kLooking;
        break;
      case Stage::kLooking:
        value = pool.look_for_job(thread, *self.frame);
        break;
      case Stage::kWaiting:
        if (value == nullptr) {
          // Killed, or nobody is left who could bring a job.
          Bomb* const bomb = thread.take_error();
          thread.log(EventKind::kDied, {static_cast<std::int32_t>(bomb->type) |
                                            static_cast<std::int32_t>(bomb->code) << 8,
                                        static_cast<std::int32_t>(bomb->number)});
          thread.release(bomb);
          value = pool.stop_working(thread, locals);
          break;
        }
        thread.release(value);
        locals.stage = Stage::kLooking;
        break;
      case Stage::kWorking:
        locals.stage = Stage::kSending;
        value = pool.send_result(thread, locals.job, value);
        break;
      case Stage::kSending:
        // The caller has hung up: that is its affair.
        thread.release(value != nullptr ? value : thread.take_error());
        clear_worker(thread, *self.frame);
        locals.stage = Stage::kLooking;
        break;
      case Stage::kFailing:
        thread.release(value != nullptr ? value : thread.take_error());
        clear_worker(thread, *self.frame);
        // Jobs that it leaves behind are another's, or nobody's: then their callers are told.
        if (pool.jobs_.empty() || pool.workers_ > 0 || pool.grow()) {
          thread.log(EventKind::kThreadEnd, {static_cast<std::int32_t>(thread.number())});
          return thread.none();
        }
        value = pool.fail_next_job(thread, ErrorCode::kNoWorker, locals.told, pool.soft());
        break;
    }
  } while (value != kUnwind);
  return kUnwind;
}

// Within an atomic section: begins the oldest job, or waits for one, or stops.
Object* AsyncPool::look_for_job(Thread& thread, Frame& frame) {
  auto& locals = frame.locals<WorkerLocals>();
  thread.current()->atomic = true;
  if (stopped_) return stop_working(thread, locals);
  if (jobs_.empty()) {
    pass_point(frame.site);
    locals.stage = WorkerLocals::Stage::kWaiting;
    return take(thread, wake_channel(thread), soft());
  }
  locals.job = jobs_.front();
  jobs_.erase(jobs_.begin());
  frame.site = locals.job.site;
  thread.current()->atomic = false;
  thread.log(EventKind::kJob, {static_cast<std::int32_t>(locals.job.number)});
  locals.stage = WorkerLocals::Stage::kWorking;
  return call_softly(thread, make_frame(thread, *locals.job.code, locals.job.code->entry),
                     thread.none());
}

// None: its frame goes on with what it leaves behind.
Object* AsyncPool::stop_working(Thread& thread, WorkerLocals& locals) {
  locals.stage = WorkerLocals::Stage::kFailing;
  --workers_;
  return thread.none();
}

}  // namespace reweave::runtime
