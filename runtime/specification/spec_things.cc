// Things, and the weak references to any object.
#include <utility>

#include "runtime/specification/specification.h"

namespace reweave::runtime::specification {

namespace {

bool can_be_recycled(ObjectKind kind) { return kind == ObjectKind::kRecord; }
bool holds_one(ObjectKind kind) { return kind == ObjectKind::kCell || kind == ObjectKind::kRecord; }

}  // namespace

// The caller holds the only reference. A record that is used again keeps its place in the order of
// creation, but not its number.
Id Specification::make_thing(ObjectKind kind) {
  Id id;
  if (can_be_recycled(kind) && !spare_records_.empty()) {
    id = spare_records_.back();
    spare_records_.pop_back();
    at(id).references = 1;
    at(id).state = Tasklet::State::kUnbound;
    at(id).dying = false;
  } else {
    id = make_object();
    at(id).kind = kind;
    at(id).thread = kNobody;
  }
  at(id).number = ++thing_count_;
  return id;
}

// What acts on any object in a slot. The operation holds it.
Routine<Value> Specification::perform_on_any(Id target, const Op& op) {
  const std::int32_t b = op.args[1];
  switch (op.code) {
    case OpCode::kWeakref:
      add_weakref(target, {.function = b});
      co_return Value{};
    case OpCode::kSetcell: {
      if (!holds_one(at(target).kind)) co_return Value{};
      const Id content = b < 0 ? kNobody : slot(b);
      if (content != kNobody) ++at(content).references;
      co_return co_await set_content(target, content);
    }
    case OpCode::kGetcell: {
      if (!holds_one(at(target).kind)) co_return Value{};
      const Id content = at(target).held.empty() ? kNobody : at(target).held.back();
      if (content != kNobody) ++at(content).references;
      co_return co_await store(b, content);
    }
    case OpCode::kCallobj:
      if (at(target).kind != ObjectKind::kFunction) co_return Value{};
      co_return co_await call_object(target);
    case OpCode::kGenerator:
      if (at(target).kind != ObjectKind::kFunction) co_return Value{};
      co_return co_await store(b, make_generator(target));
    case OpCode::kNext:
    case OpCode::kForeach:
      if (at(target).kind != ObjectKind::kGenerator) co_return Value{};
      co_return co_await go_through(target, op);
    case OpCode::kRef:
      co_return co_await store(b, reference_to(target));
    case OpCode::kDeref: {
      if (at(target).kind != ObjectKind::kReference) co_return Value{};
      const Id yielded = at(target).target;
      say(yielded != kNobody);
      log_object(EventKind::kDereferenced, yielded);
      if (b < 0) co_return Value{};
      if (yielded != kNobody) ++at(yielded).references;
      co_return co_await store(b, yielded);
    }
    case OpCode::kClearrefs:
      if (b != 0) co_return co_await call_weakrefs(target);
      clear_references(target);
      at(target).weakrefs = -1;
      co_return Value{};
    case OpCode::kSetkey:
    case OpCode::kGetkey:
    case OpCode::kDelkey:
      co_return co_await perform_on_keys(target, op);
    default:
      co_return Value{};
  }
}

Id Specification::make_generator(Id function) {
  const Id cell = cell_of(function);
  const Id made = make_thing(ObjectKind::kGenerator);
  at(made).function = at(function).function;
  at(made).state = Tasklet::State::kNew;
  if (cell != kNobody) at(made).held.push_back(cell);
  if (cell != kNobody) ++at(cell).references;
  return made;
}

// Weak references without a callback are one object, as long as that lives.
Id Specification::reference_to(Id target) {
  for (std::int32_t i = at(target).weakrefs; i >= 0;) {
    const Weakref& each = weakrefs_[static_cast<std::size_t>(i)];
    i = each.older;
    const Id known = each.reference;
    if (known == kNobody || at(known).state == Tasklet::State::kDestroyed) continue;
    if (at(known).references == 0 || at(known).target != target) continue;
    ++at(known).references;
    return known;
  }
  const Id made = make_thing(ObjectKind::kReference);
  at(made).target = target;
  add_weakref(target, {.reference = made});
  return made;
}

Id Specification::cell_of(Id function) const {
  return at(function).held.empty() ? kNobody : at(at(function).held.back()).held.back();
}

// Its frame holds the cell that it shares.
Routine<Value> Specification::call_object(Id function) {
  const Frame frame{
      .function = at(function).function, .hard = !softly(), .cell = cell_of(function)};
  if (frame.cell == kNobody) co_return co_await run(frame);
  const Id self = current_;
  at(self).held.push_back(frame.cell);
  ++at(frame.cell).references;
  const Value result = co_await run(frame);
  at(self).held.pop_back();
  co_await release(frame.cell);
  co_return result;
}

// Asks it for its next value, as a call through C; or for one after the other, in a for loop.
Routine<Value> Specification::go_through(Id id, const Op& op) {
  const bool loops = op.code == OpCode::kForeach;
  const bool hard = me().hard;
  std::int32_t turns = 0;
  do {
    me().hard = hard;
    const Value result = co_await next(id, loops && softly());
    if (result.is_error() && result.type == ExceptionType::kStopIteration) {
      say(0);
      log_object(EventKind::kExhausted, id);
      co_return Value{};
    }
    if (result.is_error()) co_return result;
    say(1);
    log(EventKind::kYielded, {static_cast<std::int32_t>(at(id).kind), number_of(id),
                              static_cast<std::int32_t>(result.number)});
  } while (loops && ++turns < op.args[1]);
  co_return Value{};
}

Routine<Value> Specification::next(Id id, bool soft) {
  Tasklet& generator = at(id);
  if (generator.running) co_return Value::error(ExceptionType::kValueError);
  if (generator.state == Tasklet::State::kEnded)
    co_return Value::error(ExceptionType::kStopIteration);
  co_return co_await resume(id, soft);
}

// With what waits in its tempval, which it raises if it is an exception. Returns where the
// generator yields. `soft`: at the level where it is asked, not one deeper.
Routine<Value> Specification::resume(Id id, bool soft) {
  Tasklet& generator = at(id);
  Value result = Value::error(ErrorCode::kNesting);
  generator.yielded = false;
  if (soft || nesting_ < kNestingMax) {
    if (!soft) ++nesting_;
    generator.running = true;
    if (soft) generator.runner = current_;
    if (generator.state == Tasklet::State::kNew) {
      generator.state = Tasklet::State::kSuspended;
      generator.point = generator_life(id).start(*this);
    }
    co_await Switch{*this, generator.caller, generator.point};
    generator.running = false;
    generator.runner = kNobody;
    if (!soft) leave_nested(1);
    if (generator.yielded) co_return Value::token(static_cast<std::uint32_t>(generator.word));
    result = generator.tempval;
  }
  generator.state = Tasklet::State::kEnded;
  co_await forget_frames(id);
  if (!result.is_error()) result = Value::error(ExceptionType::kStopIteration);
  co_return result;
}

// The finalizer of a generator, once: GeneratorExit is raised where it is suspended, so that its
// `finally` blocks run. What comes of it is for nobody.
Routine<Value> Specification::close(Id id) {
  Tasklet& generator = at(id);
  if (generator.kind != ObjectKind::kGenerator || generator.state != Tasklet::State::kSuspended ||
      generator.running || std::exchange(generator.finalized, true) || nesting_ >= kNestingMax)
    co_return Value{};
  const Interruption interruption = interrupt_operation();
  generator.tempval = Value::error(ExceptionType::kGeneratorExit);
  co_await resume(id);
  resume_operation(interruption);
  co_return Value{};
}

Routine<Value> Specification::generator_life(Id id) {
  const Frame frame{.function = at(id).function,
                    .hard = !softly(),
                    .generator = id,
                    .cell = at(id).held.empty() ? kNobody : at(id).held.back()};
  const Value result = co_await run(frame);
  at(id).tempval = result;
  co_await Switch{*this, nowhere_, at(id).caller};
  co_return Value{};
}

// What it held goes after the new content is in its place.
Routine<Value> Specification::set_content(Id id, Id content) {
  std::vector<Id>& held = at(id).held;
  const Id old = held.empty() ? kNobody : held.back();
  held.clear();
  if (content != kNobody) held.push_back(content);
  if (old != kNobody) co_await release(old);
  co_return Value{};
}

Routine<Value> Specification::destroy_thing(Id id) {
  co_await call_weakrefs(id);
  at(id).references = 1;
  co_await close(id);
  if (--at(id).references > 0) co_return Value{};  // Somebody refers to it again.
  log_object(EventKind::kFreed, id);
  at(id).state = Tasklet::State::kDestroyed;
  if (can_be_recycled(at(id).kind)) spare_records_.push_back(id);
  const Id last = at(id).held.empty() ? kNobody : at(id).held.back();
  at(id).held.clear();
  if (last != kNobody) co_await release(last);
  co_return Value{};
}

void Specification::add_weakref(Id target, Weakref weakref) {
  weakref.older = std::exchange(at(target).weakrefs, static_cast<std::int32_t>(weakrefs_.size()));
  weakrefs_.push_back(weakref);
}

// One that died before has given its place to nobody: only records are used again.
void Specification::clear_references(Id id) {
  for (std::int32_t i = at(id).weakrefs; i >= 0; i = weakrefs_[static_cast<std::size_t>(i)].older) {
    const Id reference = weakrefs_[static_cast<std::size_t>(i)].reference;
    if (reference != kNobody) at(reference).target = kNobody;
  }
}

// All are cleared before the first callback runs; newest first.
Routine<Value> Specification::call_weakrefs(Id id) {
  clear_references(id);
  const bool tasklet = is_tasklet(id);
  for (std::int32_t i = std::exchange(at(id).weakrefs, -1); i >= 0;) {
    const Weakref weakref = weakrefs_[static_cast<std::size_t>(i)];
    i = weakref.older;
    if (weakref.function < 0) continue;
    if (tasklet) log(EventKind::kWeakCallback, {number_of(id)});
    if (!tasklet) log_object(EventKind::kThingCallback, id);
    const Value error = co_await callback(weakref.function);
    if (error.is_error()) log_error(EventKind::kCaught, error);
    if (tasklet) log(EventKind::kWeakCallbackEnd, {number_of(id)});
    if (!tasklet) log_object(EventKind::kThingCallbackEnd, id);
  }
  co_return Value{};
}

}  // namespace reweave::runtime::specification
