#include "runtime/interpreter/interpreter.h"

#include <algorithm>

#include "runtime/interpreter/locals.h"
#include "runtime/interpreter/scenario_subject.h"
#include "runtime/tasklet/frame_cache.h"
#include "runtime/tasklet/tasklet_state.h"
#include "scheduler/base/internal_check.h"

namespace reweave::runtime {

namespace {

std::uint32_t nesting_of(const Function& function) {
  std::uint32_t depth = 0, deepest = 0;
  for (const Op& op : function.ops) {
    const OpShape shape = op_info(op.code).shape;
    if (shape == OpShape::kBlock || shape == OpShape::kBlockThen)
      deepest = std::max(deepest, ++depth);
    if (op.code == OpCode::kEnd) --depth;
  }
  return deepest;
}

// As the real interpreter, which prints nothing about them.
bool ends_quietly(ExceptionType type) {
  return type == ExceptionType::kTaskletExit || type == ExceptionType::kSystemExit;
}

bool is_deadlock(ErrorCode code) {
  return code == ErrorCode::kDeadlock || code == ErrorCode::kMainRecvDeadlock ||
         code == ErrorCode::kMainSendDeadlock || code == ErrorCode::kLockDeadlock;
}

}  // namespace

Interpreter::Interpreter(const Scenario& scenario) : scenario_(&scenario) {
  rec_code_.execute = &Interpreter::execute_rec;
  rec_code_.locals_bytes = sizeof(RecLocals);
  rec_code_.body = this;
  hspin_code_.execute = &Interpreter::execute_hspin;
  hspin_code_.body = this;
  rec_code_.label = "rec";
  hspin_code_.label = "hspin";
  for (ThreadMain& main : thread_mains_) {
    main.interpreter = this;
    main.code.execute = &Interpreter::execute_thread;
    main.code.locals_bytes = sizeof(bool);
    main.code.body = &main;
    main.code.label = "thread";
  }
  set_scenario(scenario);
}

Interpreter::~Interpreter() = default;

void Interpreter::set_scenario(const Scenario& scenario) {
  scenario_ = &scenario;
  runtime_.forget_codes();
  bodies_.resize(scenario.functions.size());
  for (std::size_t i = 0; i < bodies_.size(); ++i) {
    Body& body = bodies_[i];
    body.interpreter = this;
    body.function = static_cast<std::uint32_t>(i);
    body.code = Code{};
    body.code.execute = &Interpreter::execute;
    body.code.clear_locals = &Interpreter::clear_locals;
    body.code.visit_locals = &Interpreter::visit_locals;
    body.code.generator_of = &Interpreter::generator_of;
    body.code.locals_bytes = static_cast<std::uint32_t>(
        sizeof(Locals) + nesting_of(scenario.functions[i]) * sizeof(Block));
    body.code.entry = site_of(i, 0);
    body.code.body = &body;
  }
}

Ending Interpreter::run(const Settings& settings, Execution& execution, const SeenTraces* seen) {
  slots_.assign(scenario_->slots.size(), nullptr);
  buffers_.clear();
  waiting_room_ = nullptr;
  integers_.assign(scenario_->slots.size(), 0);
  emitted_.assign(scenario_->orders.empty() ? 0 : scenario_->words.size(), false);
  channels_.assign(scenario_->channels.size(), nullptr);
  runto_returned_ = false;
  collections_.clear();
  collections_ran_code_ = false;
  pool_.begin();
  service_.reset();
  keys_ = nullptr;
  left_at_ = kNowhere;
  stuck_.begin(*this, *this);
  runtime_.set_deadlock_watcher(&stuck_);
  const Ending ending = runtime_.run(bodies_[0].code, settings, execution, *this);
  ending_ = ending;
  was_seen_ = seen != nullptr && seen->has(execution.trace_hash());
  if (!ending.ended) return ending;
  runtime_.note_lingering_at_end();
  thread().ledger().end();
  end_of_main(ending, execution);
  if (settings.check_census && !execution.stopped() && !was_seen_) census_.take(runtime_, *this);
  const bool deadlocked = ending.failed && is_deadlock(ending.code);
  // The other setting has told of it, with all who wait.
  if (deadlocked && settings.report_deadlock && !settings.report_stuck) {
    Finding finding;
    finding.kind = FindingKind::kDeadlock;
    finding.oracle = "scheduler";
    finding.step = execution.steps();
    finding.signature = std::string("deadlock ") + error_code_name(ending.code);
    finding.message = std::string("main ended with the runtime's deadlock error (") +
                      error_code_name(ending.code) +
                      "): nothing could run and the program had not ended";
    execution.report(std::move(finding), /*stops=*/false);
  }
  return ending;
}

// The program's main function was left. What a reader of the trace wants to know is no event of it,
// for the first traces did not have it.
void Interpreter::end_of_main(const Ending& ending, Execution& execution) {
  if (!ending.failed) {
    execution.note(ActorId{0}, static_cast<std::uint16_t>(EventKind::kMainEnd), {}, kNowhere);
  } else {
    const std::int32_t said[] = {
        static_cast<std::int32_t>(ending.exception) | static_cast<std::int32_t>(ending.code) << 8,
        static_cast<std::int32_t>(ending.token)};
    execution.note(ActorId{0}, static_cast<std::uint16_t>(EventKind::kMainDied), said, left_at_);
    if (!ends_quietly(ending.exception)) execution.end_by_error();
    Bomb bomb;
    bomb.type = ending.exception;
    bomb.code = ending.code;
    report_uncaught(bomb, 0, left_at_);
  }
  if (thread().settings().report_stuck && !was_seen_ && !execution.stopped())
    stuck_.look_at_end(runtime_);
}

// An exception that nobody caught ends who runs `function`.
void Interpreter::report_uncaught(const Bomb& bomb, std::int32_t function, SiteId site) {
  Thread& self = thread();
  if (!self.settings().report_uncaught || ends_quietly(bomb.type)) return;
  if (scenario_->functions[static_cast<std::size_t>(function)].raises) return;
  // The end of a tasklet is then the program's affair.
  if (function != 0 && self.shared().error_handler) return;
  // It was told where the error was made, with all who wait.
  if (is_deadlock(bomb.code) && self.settings().report_stuck) return;
  if (runtime_.memory_failed()) return;
  const std::string what = exception_text(bomb.type, bomb.code, 0);
  const std::string& name = scenario_->functions[static_cast<std::size_t>(function)].name;
  Execution& execution = self.execution();
  Finding finding;
  finding.kind = FindingKind::kUncaught;
  finding.step = execution.steps();
  finding.oracle = "scheduler";
  finding.signature = "uncaught " + what + " in " + name;
  const ActorId actor =
      function == 0 || self.current() == nullptr ? ActorId{0} : self.current()->actor;
  finding.message = "nobody caught " + what + ", which ended " + execution.actor_path(actor) +
                    " in " + name +
                    (site == kNowhere ? "" : ", at " + site_name(*scenario_, site)) +
                    "; if that is expected, write `function " + name + " raises`";
  execution.report(std::move(finding), /*stops=*/false);
}

void Interpreter::start_thread(std::uint32_t number, std::int32_t function) {
  if (runtime_.thread(number) != nullptr) return;  // A thread is started once.
  ThreadMain& main = thread_mains_[number];
  main.function = function;
  main.code.entry = bodies_[static_cast<std::size_t>(function)].code.entry;
  main.code.zombie = FrameRef{};
  runtime_.start_thread(number, main.code);
}

Object* Interpreter::execute_thread(Thread& thread, FrameRef self, Object* value) {
  const ThreadMain& main = *static_cast<const ThreadMain*>(self.frame->code->body);
  auto& called = self.frame->locals<bool>();
  if (value == nullptr && !called) return nullptr;  // Killed before it ran.
  if (!called) {
    thread.release(value);
    called = true;
    thread.log(EventKind::kThreadStart, {static_cast<std::int32_t>(thread.number())});
    Code& code = main.interpreter->bodies_[static_cast<std::size_t>(main.function)].code;
    value = call_softly(thread, make_frame(thread, code, code.entry), thread.none());
    if (value != nullptr) return value;
  }
  if (value == nullptr) {
    Bomb* const bomb = thread.take_error();
    main.interpreter->log_exception(EventKind::kDied, *bomb);
    main.interpreter->report_uncaught(*bomb, main.function, thread.evaluation().here());
    self.frame->site = self.frame->code->entry;  // Where it was left, until now.
    thread.release(bomb);
  } else {
    thread.release(value);
  }
  thread.log(EventKind::kThreadEnd, {static_cast<std::int32_t>(thread.number())});
  return thread.none();
}

void Interpreter::describe_end(EndState& state) const {
  state.clear();
  state.ended = ending_.ended;
  if (!ending_.ended) return;
  state.failed = ending_.failed;
  state.exception = ending_.exception;
  state.code = ending_.code;
  state.token = ending_.token;
  for (const Channel* const channel : channels_)
    state.balances.push_back(channel == nullptr ? 0 : channel->balance);
  for (const Tasklet* t = runtime_.first_tasklet(); t != nullptr; t = t->next_made) {
    if (t->dead || t->dying || t->is_main) continue;
    state.left.push_back({static_cast<std::int32_t>(t->number), flags_of(*t)});
  }
  if (runtime_.heap().live_things() > 0) {
    runtime_.heap().for_each([&state](const Object& object) {
      if (object.dead || !is_thing(object.kind)) return;
      state.things.push_back(static_cast<std::int32_t>(static_cast<const Thing&>(object).number));
    });
  }
  state.run_count = thread().queue().count;
}

std::string Interpreter::site(SiteId site) const { return site_name(*scenario_, site); }

// Its path, as in schedules; the number where the execution made no such tasklet.
std::string Interpreter::tasklet(std::uint32_t number) const {
  const Execution& execution = thread().execution();
  for (std::uint32_t actor = 0; actor < execution.actor_count(); ++actor) {
    if (runtime_.tasklet_number(ActorId{actor}) == static_cast<std::int32_t>(number))
      return execution.actor_path(ActorId{actor});
  }
  return LedgerNames::tasklet(number);
}

std::string Interpreter::operation(SiteId site) const {
  const Op* const op = op_at(*scenario_, site);
  return op == nullptr ? "entry" : op_info(op->code).word;
}

void Interpreter::log_exception(EventKind kind, const Bomb& bomb) {
  thread().log(kind,
               {static_cast<std::int32_t>(bomb.type) | static_cast<std::int32_t>(bomb.code) << 8,
                static_cast<std::int32_t>(bomb.number)});
}

void Interpreter::visit_roots(ReferenceVisitor& visitor) const {
  for (Object* const object : slots_) visitor.visit(object);
  visitor.visit(keys_);
  for (Channel* const channel : channels_) visitor.visit(channel);
  visitor.visit(waiting_room_);
  for (const Buffer& buffer : buffers_) {
    for (Object* const value : buffer.values) visitor.visit(value);
  }
  pool_.visit_roots(visitor);
}

// The slot's old content goes after the new one is in its place.
void Interpreter::store(std::int32_t slot, Object* owned, std::int32_t integer) {
  Object*& at = slots_[static_cast<std::size_t>(slot)];
  Object* const old = at;
  at = owned;
  integers_[static_cast<std::size_t>(slot)] = integer;
  if (old == nullptr) return;
  thread().release(old);
}

std::uint32_t Interpreter::flags_of(const Tasklet& tasklet) const {
  const bool alive = is_alive(&tasklet) || is_ending(&tasklet);
  const bool scheduled = !tasklet.floats();
  return (alive ? 1u : 0) | (tasklet.blocked != 0 ? 2u : 0) | (scheduled ? 4u : 0) |
         (alive && !scheduled ? 8u : 0) | (is_current_at_home(thread(), &tasklet) ? 16u : 0) |
         (tasklet.is_main && tasklet.thread != nullptr ? 32u : 0);
}

std::string flags_text(std::uint32_t flags) {
  std::string text;
  for (std::size_t i = 0; i < 6; ++i) {
    if ((flags >> i & 1) != 0) text += "abspcm"[i];
  }
  return text;
}

void Interpreter::log_item(const Tasklet& tasklet) {
  thread().log(EventKind::kListItem, {static_cast<std::int32_t>(tasklet.number)});
}

Channel* Interpreter::channel(std::int32_t number) {
  Channel*& at = channels_[static_cast<std::size_t>(number)];
  if (at == nullptr)
    at = thread().make_channel(static_cast<std::uint32_t>(number), /*beforehand=*/true);
  return at;
}

}  // namespace reweave::runtime
