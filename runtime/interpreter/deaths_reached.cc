#include "runtime/interpreter/deaths_reached.h"

#include "runtime/language/arguments.h"
#include "runtime/life/closure.h"
#include "runtime/life/dict_object.h"
#include "runtime/life/generator_object.h"
#include "runtime/life/references.h"

namespace reweave::runtime {
namespace {

enum Place : std::uint8_t { kSlot, kBox, kLocal, kValue, kKey };
constexpr const char* kPlaceNames[] = {"a slot", "a cell or record", "a local",
                                       "a value of the dict", "a key of the dict"};
enum Content : std::uint8_t { kNothing, kShared, kLast, kLoud, kFull };
constexpr const char* kContentNames[] = {
    "nothing", "what others hold, too", "the last reference",
    "the last reference to what runs code when it dies",
    "the last reference to what holds the last one to two and more of those"};
constexpr const char* kGarbageNames[] = {"a tasklet that has not begun",
                                         "a tasklet that is suspended",
                                         "a tasklet that has ended",
                                         "a channel",
                                         "a cell",
                                         "the cells of a function",
                                         "a function",
                                         "a generator",
                                         "a record"};
constexpr const char* kGarbageStates[] = {"in a cycle", "in a cycle, and its death runs code"};

/// Callbacks, a finalizer, or a C stack that is unwound.
bool is_loud(const Object& object) {
  for (const WeakRef* each = object.weakrefs; each != nullptr; each = each->next) {
    if (each->code != nullptr) return true;
  }
  if (object.kind == ObjectKind::kTasklet) {
    const auto& tasklet = static_cast<const Tasklet&>(object);
    return tasklet.cstate != nullptr && !tasklet.cstate->stub;
  }
  if (object.kind != ObjectKind::kGenerator) return false;
  return static_cast<const GeneratorObject&>(object).is_suspended();
}

/// How many that are loud die with an object, because it alone holds them.
class Dying final : private ReferenceVisitor {
 public:
  static int with(const Object& object) {
    Dying dying;
    visit_references(const_cast<Object&>(object), dying);
    return dying.loud_;
  }

 private:
  void visit(Object* object) override {
    if (object == nullptr || object->dead || object->refs != 1) return;
    if (object->kind == ObjectKind::kNone || ++visited_ > kVisitedMax) return;
    loud_ += is_loud(*object) ? 1 : 0;
    visit_references(*object, *this);
  }
  void visit_frame(FrameRef frame) override {
    if (frame.frame->generation == frame.generation) visit(frame.frame);
  }

  static constexpr int kVisitedMax = 64;
  int loud_ = 0;
  int visited_ = 0;
};

std::size_t content_of(const Object* content) {
  if (content == nullptr || content->kind == ObjectKind::kNone) return kNothing;
  if (content->dead || content->refs != 1) return kShared;
  if (Dying::with(*content) > 1) return kFull;
  return is_loud(*content) ? kLoud : kLast;
}

std::size_t garbage_of(const Object& object) {
  switch (object.kind) {
    case ObjectKind::kTasklet: {
      const auto& tasklet = static_cast<const Tasklet&>(object);
      return tasklet.ended || !tasklet.frame ? 2 : tasklet.started ? 1 : 0;
    }
    case ObjectKind::kChannel:
      return 3;
    case ObjectKind::kCell:
      return 4;
    case ObjectKind::kTuple:
      return 5;
    case ObjectKind::kFunction:
      return 6;
    case ObjectKind::kGenerator:
      return 7;
    default:
      return 8;
  }
}

/// The key of an entry dies before its slot can be emptied by its own operation, and an entry that
/// is there holds something.
bool is_possible(std::size_t place, std::size_t content) {
  return place != kKey || content != kNothing;
}

}  // namespace

std::vector<DeathsReached::Row> DeathsReached::rows() const {
  std::vector<Row> rows;
  for (std::size_t place = 0; place < kPlaces; ++place) {
    for (std::size_t content = 0; content < kContents; ++content) {
      if (is_possible(place, content))
        rows.push_back({kPlaceNames[place], kContentNames[content], places_[place][content]});
    }
  }
  for (std::size_t kind = 0; kind < kGarbage; ++kind) {
    for (std::size_t state = 0; state < 2; ++state) {
      // Nothing can refer to the cells of a function weakly, nor to a channel.
      const bool quiet = kind == 3 || kind == 5;
      if (state == 0 || !quiet)
        rows.push_back({kGarbageNames[kind], kGarbageStates[state], garbage_[kind][state]});
    }
  }
  return rows;
}

void DeathsReached::count(std::size_t place, const Object* content) {
  ++places_[place][content_of(content)];
}

void DeathsReached::step(const Thread& thread, const Op& op) {
  look_at_slots(op);
  look_at_locals(thread, op);
  look_at_keys(op);
  if (op.code != OpCode::kSetcell) return;
  const Object* const box = interpreter_.content_of(op.args[0]);
  if (box == nullptr) return;
  if (box->kind != ObjectKind::kCell && box->kind != ObjectKind::kRecord) return;
  count(kBox, static_cast<const Cell*>(box)->content);
}

void DeathsReached::look_at_slots(const Op& op) {
  const char* const letters = op_info(op.code).arguments;
  for (std::size_t i = 0; letters[i] != '\0'; ++i) {
    if (argument_kind(letters[i]).stores && op.args[i] >= 0)
      count(kSlot, interpreter_.content_of(op.args[i]));
  }
  if (op.code == OpCode::kDrop) count(kSlot, interpreter_.content_of(op.args[0]));
  if (op.code == OpCode::kGetlocal || op.code == OpCode::kGetkey)
    count(kSlot, interpreter_.content_of(op.args[1]));
}

void DeathsReached::look_at_locals(const Thread& thread, const Op& op) {
  const Tasklet* const current = thread.current();
  if (current == nullptr || current->locals == nullptr) return;
  const Dict& dict = current->locals->dict();
  if (op.code == OpCode::kSetlocal || op.code == OpCode::kDellocal) {
    const DictKey key = DictKey::of(static_cast<std::uint32_t>(op.args[0]));
    count(kLocal, dict.find(key.word, key.hash));
  } else if (op.code == OpCode::kClearlocals) {
    for (const DictEntry& entry : dict) {
      if (entry.value != nullptr) count(kLocal, entry.value);
    }
  }
}

void DeathsReached::look_at_keys(const Op& op) {
  const DictObject* const keys = interpreter_.keys();
  if (keys == nullptr) return;
  if (op.code == OpCode::kSetkey || op.code == OpCode::kDelkey) {
    const Object* const object = interpreter_.content_of(op.args[0]);
    if (object == nullptr) return;
    const DictKey key = DictKey::of(object);
    count(kValue, keys->dict().find(key.word, key.hash));
  } else if (op.code == OpCode::kClearkeys) {
    for (const DictEntry& entry : keys->dict()) {
      if (entry.value == nullptr) continue;
      count(kValue, entry.value);
      count(kKey, DictKey{entry.key, entry.hash}.object());
    }
  }
}

void DeathsReached::note(std::uint64_t, bool at_end, std::span<Object* const> objects) {
  if (at_end) return;
  for (const Object* const object : objects)
    ++garbage_[garbage_of(*object)][is_loud(*object) ? 1 : 0];
}

}  // namespace reweave::runtime
