// call_async: a pool of worker threads that execute jobs while whoever asked for them waits on a
// channel; after stacklesslib's util.call_async() and its thread pool.
//
// A call makes a channel of its own, gives the job to the pool and receives. A worker calls the
// job's function and sends what came of it, a value or an exception, over that channel, from thread
// to thread. Jobs wait in one list, first come, first served. A worker that finds the list empty
// waits on a channel that all workers share; who brings a job then sends None there, to wake one. A
// worker is started when a job comes and none of them waits, unless there are enough.
//
// Between looking (is anybody waiting? is there a job?) and acting on it nobody else may run, or a
// job is left in the list while every worker sleeps. stacklesslib does both in an `atomic` section,
// which keeps the tasklet from being switched away and the thread from losing the lock; so do we.
//
// Who does not wait any more, because an exception ended its call, has closed its channel: the
// worker's send fails, and what it was to send is released as `send-failed`.
//
// Where a channel operation takes `soft`, it may return kUnwind, and the worker's frame goes on
// when its dispatcher enters it again. Calls through C++ (call()) keep their C stack.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/life/references.h"
#include "runtime/tasklet/runtime.h"

namespace reweave::runtime {

class AsyncPool {
 public:
  static constexpr std::uint32_t kWorkersUnlessSaid = 2;

  /// `runtime` must outlive it. Start of each execution: begin().
  explicit AsyncPool(Runtime& runtime);
  AsyncPool(const AsyncPool&) = delete;
  AsyncPool& operator=(const AsyncPool&) = delete;

  /// Forgets the last execution. Its objects are gone with the heap.
  void begin();

  /// How many workers there may be. Those that are there already stay.
  void set_workers_max(std::uint32_t count) { workers_max_ = count; }
  std::uint32_t workers() const { return workers_; }
  std::size_t jobs_waiting() const { return jobs_.size(); }
  bool stopped() const { return stopped_; }

  /// Calls `code` in a worker and waits: what it came to, a fresh value, owned; or null and the
  /// exception. From a body that is on the C stack (call_native, NativeCode). `site` is where
  /// questions are asked and where the value is sent and received. May switch.
  Object* call(Code& code, SiteId site);
  /// No new calls; jobs that nobody has begun fail with RuntimeError, workers end when they have
  /// nothing to do. From a body that is on the C stack. Returns None or null. May switch.
  Object* stop();

  // ---- The same in pieces, for callers whose frames may be left softly ----

  /// The channel for a call's result, owned; its number in the log is -1. Null if the pool is
  /// stopped, if there is no worker and there can be none, or if there is no memory: an exception
  /// is pending. Does not switch.
  Channel* open();
  /// A number for the job that comes next, from 1; for the log.
  std::uint32_t draw_number() { return ++jobs_made_; }
  /// Gives the job to the pool, within an atomic section. None, null or kUnwind. May switch.
  Object* submit(Code& code, Channel* reply, SiteId site, std::uint32_t number, bool soft);
  /// Nobody listens on it any more; consumes the reference. Does not switch.
  void hang_up(Channel* reply);
  /// A step of stop(): tells one caller, or wakes one worker. Until has_stopped(). `held` is null,
  /// and gets the caller's channel, if any: to be released when the step is complete. May switch.
  Object* stop_step(Object*& held, bool soft);
  void refuse_jobs() { stopped_ = true; }
  bool has_stopped() const {
    return stopped_ && jobs_.empty() && (wake_ == nullptr || wake_->balance >= 0);
  }
  /// Within an atomic section the thread keeps the lock; this is where one of the real thing would
  /// ask. May switch threads, if a defect lets it.
  void pass_point(SiteId site) {
    if (runtime_.threaded()) [[unlikely]]
      take_turn(runtime_.running(), site);
  }

  void visit_roots(ReferenceVisitor& visitor) const;

  /// `frame` is a worker's, which has nothing to do.
  bool is_idle(const Frame& frame) const {
    return frame.code == &worker_code_ && locals_of(frame).stage == WorkerLocals::Stage::kWaiting;
  }
  /// The number of the job that a worker's frame has; 0: none, or it is not one.
  std::uint32_t job_of(const Frame& frame) const {
    return frame.code == &worker_code_ ? locals_of(frame).job.number : 0;
  }
  /// `frame` is a worker's, who works for whoever waits on `reply`.
  bool works_for(const Frame& frame, const Channel* reply) const {
    return frame.code == &worker_code_ && locals_of(frame).job.reply == reply;
  }

 private:
  struct Job {
    Code* code = nullptr;
    Channel* reply = nullptr;  // Owned.
    SiteId site{};
    std::uint32_t number = 0;
  };
  struct WorkerLocals {
    enum class Stage : std::uint8_t { kFresh, kLooking, kWaiting, kWorking, kSending, kFailing };
    Stage stage;
    Job job;
    Object* told;  // The channel of a caller who is being told that there will be nothing; owned.
  };

  static const WorkerLocals& locals_of(const Frame& frame) {
    return const_cast<Frame&>(frame).locals<WorkerLocals>();
  }
  static Object* work(Thread& thread, FrameRef self, Object* value);
  static void clear_worker(Thread& thread, Frame& frame);
  static void visit_worker(Frame& frame, ReferenceVisitor& visitor);
  Object* look_for_job(Thread& thread, Frame& frame);
  Object* stop_working(Thread& thread, WorkerLocals& locals);
  Object* send_result(Thread& thread, const Job& job, Object* result);
  Object* fail_next_job(Thread& thread, ErrorCode code, Object*& held, bool soft);
  Channel* wake_channel(Thread& thread);
  std::uint32_t free_thread();
  bool grow();
  bool soft() const { return runtime_.running().settings().switching == Switching::kSoft; }

  Runtime& runtime_;
  Code worker_code_;
  std::vector<Job> jobs_;    // Submitted, and begun by nobody; the oldest first.
  Channel* wake_ = nullptr;  // Where workers wait that have nothing to do; owned.
  std::uint32_t workers_max_ = kWorkersUnlessSaid;
  std::uint32_t workers_ = 0;  // Started, and not ended.
  std::uint32_t jobs_made_ = 0;
  bool stopped_ = false;
};

}  // namespace reweave::runtime
