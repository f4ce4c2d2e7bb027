#include "scheduler/search/isolate.h"

#include <poll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <new>
#include <utility>
#include <vector>

#include "scheduler/base/internal_check.h"
#include "scheduler/base/wall_clock.h"
#include "scheduler/search/child_process.h"
#include "scheduler/strategy/dense_replay.h"

namespace reweave {
namespace {

using Text = std::array<char, SharedTape::kMessageBytes>;

/// Not to have run for so long means that this process was stopped.
constexpr std::uint64_t kGapMs = 1000;

/// Is it time to end what goes on after the end of its time? One that does not move is left to be
/// a hang.
class OverTime {
 public:
  explicit OverTime(std::uint64_t budget_ms) : budget_ms_(budget_ms) {}

  /// To be asked all the time; `seen_ms`: when the child was last seen to move on.
  bool ends(std::uint64_t seen_ms) {
    const std::uint64_t now = wall_clock_ms();
    if (now - asked_ms_ > kGapMs) begin_ms_ += now - asked_ms_;
    asked_ms_ = now;
    return budget_ms_ != 0 && now - begin_ms_ >= budget_ms_ + kLongerMs &&
           now - seen_ms < kLongerMs;
  }

 private:
  std::uint64_t budget_ms_;  // 0: there is no end.
  std::uint64_t begin_ms_ = wall_clock_ms();
  std::uint64_t asked_ms_ = begin_ms_;
};

/// What child `job` of `jobs` does.
ExploreOptions share_of(const ExploreOptions& options, std::uint64_t job, std::uint64_t jobs) {
  ExploreOptions share = options;
  if (job > 0) {
    share.first_execution =
        (options.first_execution / options.block + job * options.stride) * options.block;
  }
  share.stride = options.stride * jobs;
  const std::uint64_t executions = options.budget.executions;
  share.budget.executions = executions / jobs + (job < executions % jobs ? 1 : 0);
  return share;
}

/// The lowest finding, or why the last of them stopped. Not empty.
Exploration merge(const std::vector<Exploration>& parts) {
  Exploration all;
  bool exhausted = true;
  for (const Exploration& part : parts) {
    add(part.statistics, all.statistics);
    exhausted = exhausted && part.reason == StopReason::kExhausted;
    if (part.reason == StopReason::kCancelled ||
        (part.reason == StopReason::kSeconds && all.reason != StopReason::kCancelled)) {
      all.reason = part.reason;
    }
    all.next = std::min(all.next, part.next);
    if (part.found && (!all.found || part.found->execution < all.found->execution))
      all.found = part.found;
  }
  if (exhausted) all.reason = StopReason::kExhausted;
  if (all.found) all.reason = StopReason::kFound;
  return all;
}

}  // namespace

struct Isolator::Board {
  SharedTape tape;
  Statistics statistics;
  std::uint64_t first_execution = 0;  // Of an exploration.

  std::atomic<std::uint8_t> done{0};  // 1: the child came to its end; what follows is valid.
  Outcome outcome{};
  std::uint64_t steps = 0;
  std::uint64_t questions = 0;
  std::uint64_t trace_hash = 0;
  std::uint64_t divergence_step = 0;
  Text expected{};
  Text found{};
  StopReason reason{};
  bool has_found = false;
  std::uint64_t execution = 0;
};

struct Isolator::Ending {
  bool done = false;       // It came to its end.
  bool hung = false;       // It was ended for a hang.
  bool cancelled = false;  // It was ended because nobody wanted to wait any longer.
  int status = 0;
  std::string standard_error;

  bool asks_for_another() const {
    return !done && !hung && !cancelled && WIFEXITED(status) && WEXITSTATUS(status) == kStartAnew;
  }
  bool killed() const {
    if (asks_for_another()) return true;
    if (done || hung || cancelled || !WIFSIGNALED(status)) return false;
    return WTERMSIG(status) == SIGKILL || lacked_memory(standard_error);
  }

  Finding finding(const Isolator& isolator) const {
    const SharedTape& tape = isolator.board_->tape;
    const std::uint64_t step = tape.steps();
    if (tape.has_finding) return tape.finding();
    return hung ? hang(isolator.options_.hang_ms, step) : death(status, standard_error, step);
  }
};

/// The child that runs, as its parent sees it.
struct Isolator::Child {
  explicit Child(std::size_t stderr_bytes_max) : tail(stderr_bytes_max) {}

  pid_t pid = 0;  // 0: it has ended.
  Pipe pipe;
  Tail tail;
  std::uint64_t begin_ms = wall_clock_ms();
  // When it was last seen to move on, and what it had done by then.
  std::uint64_t seen_ms = begin_ms, seen_executions = 0, seen_step = 0;
  std::uint64_t look_ms = begin_ms;  // When somebody last looked.
  Ending ending;
};

Isolator::Isolator(IsolateOptions options) : options_(options) {
  void* memory =
      mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) refused("the system gives no shared memory");
  board_ = new (memory) Board;
}

Isolator::~Isolator() {
  end_child();
  board_->~Board();
  munmap(board_, sizeof(Board));
}

// True in the child.
bool Isolator::fork_child() {
  CHECK(child_ == nullptr);
  SharedTape& tape = board_->tape;
  board_->done = 0;
  tape.executions = 0;
  tape.number = 0;
  tape.stop_before = UINT64_MAX;
  tape.clear();

  child_ = std::make_unique<Child>(options_.stderr_bytes_max);
  std::fflush(nullptr);  // Else the child would hold a copy of what is not yet written.
  const pid_t parent = getpid();
  child_->pid = fork();
  if (child_->pid < 0) {
    const int error = std::exchange(errno, 0);
    child_.reset();
    errno = error;
    refused("the system gives no process");
  }
  if (child_->pid == 0) {
    become_child(child_->pipe, parent);
    child_.reset();
    return true;
  }
  child_->pipe.close_write_end();
  return false;
}

template <typename Work>
void Isolator::start_child(const Work& work) {
  if (!fork_child()) return;
  work();
  leave_child();
}

void Isolator::leave_child() {
  board_->done = 1;
  _exit(0);
}

// Waits for the child for `ms`, or until it ends: true. One that does nothing for too long, or that
// nobody wants to wait for, is ended.
bool Isolator::look_at_child(int ms, const std::function<bool()>& keep_waiting) {
  Child& child = *child_;
  const SharedTape& tape = board_->tape;
  child.pipe.wait(ms, child.tail);
  // Once its work is done and its pipe closed nothing can keep it from ending: no need to look
  // again and again.
  const bool leaving = child.pipe.ended() && board_->done != 0;
  const pid_t waited = waitpid(child.pid, &child.ending.status, leaving ? 0 : WNOHANG);
  CHECK(waited == 0 || waited == child.pid || errno == EINTR);
  if (waited != child.pid) {
    const std::uint64_t executions = tape.executions.load(std::memory_order_relaxed);
    const std::uint64_t step = tape.step.load(std::memory_order_relaxed);
    const std::uint64_t now = wall_clock_ms();
    if (now - child.look_ms > kGapMs) child.seen_ms += now - child.look_ms;
    child.look_ms = now;
    if (executions != child.seen_executions || step != child.seen_step) {
      child.seen_executions = executions;
      child.seen_step = step;
      child.seen_ms = now;
    }
    child.ending.hung = now - child.seen_ms >= options_.hang_ms;
    child.ending.cancelled = !child.ending.hung && keep_waiting && !keep_waiting();
    if (!child.ending.hung && !child.ending.cancelled) return false;
    if (child.ending.hung && speaks_and_ends(child.pid, child.ending.status)) child.pid = 0;
    end_child_process();
  }
  child.pid = 0;
  if (waited != 0 && !board_->done) child.ending.cancelled |= was_told_to_end(keep_waiting);
  child.pipe.drain(child.tail);
  child.ending.standard_error = child.tail.take();
  child.ending.done = board_->done != 0;
  return true;
}

// A terminal, or whoever ends a service, signals this process and its child: then the child's death
// says nothing of the subject. This process may hear of it a little later.
bool Isolator::was_told_to_end(const std::function<bool()>& keep_waiting) const {
  constexpr int kLaterMs = 20;
  const int status = child_->ending.status;
  if (!keep_waiting || child_->ending.hung || !WIFSIGNALED(status)) return false;
  const int number = WTERMSIG(status);
  const bool asks = number == SIGINT || number == SIGTERM || number == SIGHUP;
  if (!asks && number != SIGKILL) return false;
  if (!keep_waiting()) return true;
  if (!asks) return false;
  poll(nullptr, 0, kLaterMs);
  return !keep_waiting();
}

void Isolator::end_child_process() {
  if (child_->pid == 0) return;
  kill(child_->pid, SIGKILL);
  while (waitpid(child_->pid, &child_->ending.status, 0) < 0 && errno == EINTR) {
  }
}

void Isolator::end_child() {
  if (child_ == nullptr) return;
  end_child_process();
  child_.reset();
}

template <typename Work>
Isolator::Ending Isolator::run_child(const Work& work, const std::function<bool()>& keep_waiting) {
  start_child(work);
  while (!look_at_child(/*ms=*/20, keep_waiting)) {
  }
  return std::exchange(child_, nullptr)->ending;
}

void Isolator::start_exploring(Subject& subject, Strategy& strategy,
                               const ExploreOptions& options) {
  board_->statistics = {};
  board_->first_execution = options.first_execution;
  ExploreOptions inner = options;
  inner.progress = nullptr;
  inner.keep_going = nullptr;  // It is asked here.
  start_child([&] {
    const Exploration result =
        reweave::explore(subject, strategy, inner, &board_->tape, &board_->statistics);
    board_->reason = result.reason;
    board_->has_found = result.found.has_value();
    if (!result.found) return;
    board_->execution = result.found->execution;
    board_->steps = result.found->steps;
    board_->trace_hash = result.found->trace_hash;
    board_->tape.set_finding(result.found->finding);
  });
}

// What the child that has ended came to.
Exploration Isolator::take_exploration() {
  const std::unique_ptr<Child> child = std::exchange(child_, nullptr);
  const Ending& ending = child->ending;
  const SharedTape& tape = board_->tape;
  Exploration exploration;
  exploration.statistics = board_->statistics;
  exploration.statistics.milliseconds = wall_clock_ms() - child->begin_ms;
  if (ending.cancelled) {
    exploration.reason = StopReason::kCancelled;
    // The child may not have begun one.
    exploration.next =
        std::max(tape.number.load(std::memory_order_relaxed), board_->first_execution);
  } else if (ending.done && !board_->has_found) {
    exploration.reason = board_->reason;
  } else {
    exploration.reason = StopReason::kFound;
    Found found;
    found.execution = ending.done ? board_->execution : tape.number.load(std::memory_order_relaxed);
    found.finding = ending.finding(*this);
    found.steps = ending.done ? board_->steps : tape.steps();
    found.trace_hash = ending.done ? board_->trace_hash : 0;
    found.answers = tape.dense_answers();
    found.died = !ending.done;
    found.killed = ending.killed();
    found.complete = !tape.overflowed;
    exploration.found = std::move(found);
  }
  return exploration;
}

// The child was ended because its time was over.
void Isolator::tell_cut_off(Exploration& exploration) const {
  exploration.reason = StopReason::kSeconds;
  exploration.next = UINT64_MAX;
  exploration.statistics.questions += board_->tape.questions_asked();
  ++exploration.statistics.cut_off;
}

// Goes on where the child that has ended did not want to.
void Isolator::explore_in_another(Subject& subject, Strategy& strategy, ExploreOptions& share) {
  if (const std::uint64_t all = share.budget.all_milliseconds(); all != 0) {
    const std::uint64_t used = wall_clock_ms() - child_->begin_ms;
    share.budget.seconds = 0;
    share.budget.milliseconds = all > used ? all - used : 1;
  }
  child_.reset();
  share.first_execution = board_->tape.number.load(std::memory_order_relaxed);
  // One more is left at least: the one that was not begun.
  if (share.budget.executions != 0) share.budget.executions -= board_->statistics.executions;
  start_exploring(subject, strategy, share);
}

Exploration Isolator::explore(Subject& subject, Strategy& strategy, const ExploreOptions& options) {
  Isolator* const child = this;
  Strategy* const one = &strategy;
  return explore_in({&child, 1}, subject, {&one, 1}, options);
}

// Each child has its own share. One that has found something bounds the others: they go on up to
// that execution, so that it does not matter who is the fastest.
Exploration Isolator::explore_in(std::span<Isolator* const> children, Subject& subject,
                                 std::span<Strategy* const> strategies,
                                 const ExploreOptions& options) {
  const std::uint64_t begin = wall_clock_ms();
  std::vector<ExploreOptions> shares;
  for (std::uint64_t job = 0; job < children.size(); ++job) {
    shares.push_back(share_of(options, job, children.size()));
    if (options.budget.executions != 0 && shares[job].budget.executions == 0) break;
    children[job]->start_exploring(subject, *strategies[job], shares[job]);
  }
  Statistics of_children_before;
  std::uint64_t last = begin;
  bool cancelled = false;
  OverTime over_time(options.budget.all_milliseconds());
  const std::function<bool()>& keep_going =
      options.keep_going ? options.keep_going : children[0]->keep_going_;
  const auto keep_waiting = [&] {
    const std::uint64_t now = wall_clock_ms();
    cancelled = cancelled || (keep_going && !keep_going());
    if (cancelled || !options.progress || now - last < options.progress_ms) return !cancelled;
    last = now;
    Statistics sum = of_children_before;
    for (const Isolator* const child : children) add(child->board_->statistics, sum);
    sum.milliseconds = now - begin;
    cancelled = !options.progress(sum);
    return !cancelled;
  };
  std::vector<Exploration> ended;
  std::uint64_t found_in = UINT64_MAX;
  for (bool waits = true; waits;) {
    waits = false;
    for (std::size_t job = 0; job < children.size(); ++job) {
      Isolator* const child = children[job];
      if (child->child_ == nullptr) continue;
      child->board_->tape.stop_before.store(found_in, std::memory_order_relaxed);
      waits = true;
      const auto keep_waiting_for_it = [&] {
        return keep_waiting() && !over_time.ends(child->child_->seen_ms);
      };
      if (!child->look_at_child(/*ms=*/children.size() == 1 ? 20 : 2, keep_waiting_for_it))
        continue;
      if (child->child_->ending.asks_for_another()) {
        add(child->board_->statistics, of_children_before);
        child->explore_in_another(subject, *strategies[job], shares[job]);
        continue;
      }
      ended.push_back(child->take_exploration());
      if (!cancelled && ended.back().reason == StopReason::kCancelled)
        child->tell_cut_off(ended.back());
      if (ended.back().found) found_in = std::min(found_in, ended.back().found->execution);
    }
  }
  Exploration all = merge(ended);
  add(of_children_before, all.statistics);
  all.statistics.milliseconds = wall_clock_ms() - begin;
  if (options.progress) (void)options.progress(all.statistics);
  return all;
}

Exploration explore_in_children(Subject& subject, std::span<Strategy* const> strategies,
                                const ExploreOptions& options, const IsolateOptions& isolate) {
  CHECK(!strategies.empty());
  std::vector<std::unique_ptr<Isolator>> made;
  std::vector<Isolator*> children;
  for (std::size_t job = 0; job < strategies.size(); ++job) {
    made.push_back(std::make_unique<Isolator>(isolate));
    children.push_back(made.back().get());
  }
  return Isolator::explore_in(children, subject, strategies, options);
}

SharedTape& Isolator::tape() { return board_->tape; }

bool Isolator::go_ahead() {
  if (fork_child()) return true;
  while (!look_at_child(/*ms=*/20, keep_going_)) {
  }
  return false;
}

std::optional<IsolatedRun> Isolator::take_death(Subject& subject) {
  Ending ending = std::exchange(child_, nullptr)->ending;
  if (ending.done) return std::nullopt;
  return run_of(subject, std::move(ending));
}

std::optional<Isolator::Death> Isolator::take_death() {
  const Ending ending = std::exchange(child_, nullptr)->ending;
  if (ending.done) return std::nullopt;
  return Death{
      .finding = ending.finding(*this), .killed = ending.killed(), .cancelled = ending.cancelled};
}

template <typename Work>
IsolatedRun Isolator::run_one(Subject& subject, const Work& work) {
  const auto work_and_tell = [&] {
    const Execution& execution = work();
    board_->outcome = execution.outcome();
    board_->steps = execution.steps();
    board_->questions = execution.questions();
    board_->trace_hash = execution.trace_hash();
    board_->divergence_step = execution.divergence().step;
    copy_text(execution.divergence().expected, board_->expected);
    copy_text(execution.divergence().found, board_->found);
  };
  return run_of(subject, run_child(work_and_tell, keep_going_));
}

IsolatedRun Isolator::run_of(Subject& subject, Ending ending) {
  const SharedTape& tape = board_->tape;
  IsolatedRun run;
  run.died = !ending.done;
  run.killed = ending.killed();
  run.cancelled = ending.cancelled;
  if (run.died || tape.has_finding) run.finding = ending.finding(*this);
  run.schedule = named_schedule(subject, tape);
  run.complete = !tape.overflowed;
  run.standard_error = std::move(ending.standard_error);
  run.steps = run.died ? tape.steps() : board_->steps;
  run.questions = run.died ? tape.questions_asked() : board_->questions;
  if (run.died) return run;
  run.outcome = board_->outcome;
  run.trace_hash = board_->trace_hash;
  if (run.outcome == Outcome::kDiverged) {
    run.divergence = {board_->divergence_step, board_->expected.data(), board_->found.data()};
  }
  return run;
}

IsolatedRun Isolator::replay(Subject& subject, const Schedule& schedule, ReplayMode mode,
                             const Limits& limits) {
  Execution execution(limits);
  return run_one(subject, [&]() -> Execution& {
    reweave::replay(subject, execution, schedule, mode, /*keep_log=*/false, &board_->tape);
    return execution;
  });
}

IsolatedRun Isolator::record(Subject& subject, std::span<const DenseAnswer> answers,
                             const Limits& limits) {
  Execution execution(limits);
  return run_one(subject, [&]() -> Execution& {
    DenseReplay chooser(answers, /*names=*/true);
    execution.begin(chooser, /*keep_log=*/false, &board_->tape);
    subject.run(execution);
    return execution;
  });
}

}  // namespace reweave
