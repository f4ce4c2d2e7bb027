#include "runtime/life/references.h"

#include "runtime/life/dict_object.h"
#include "runtime/life/generator_object.h"
#include "runtime/life/record.h"
#include "runtime/tasklet/tasklet.h"

namespace reweave::runtime {

namespace {

void visit_dict(const DictObject& object, ReferenceVisitor& visitor) {
  const Dict& dict = object.dict();
  if (!dict.is_first_table()) visitor.visit(DictTable::of(dict.begin()));
  for (const DictEntry& entry : dict) {
    if (entry.value == nullptr) continue;
    if (object.counts_keys) visitor.visit(DictKey{entry.key, entry.hash}.object());
    visitor.visit(entry.value);
  }
}

}  // namespace

void visit_references(Object& object, ReferenceVisitor& visitor) {
  switch (object.kind) {
    case ObjectKind::kNone:
    case ObjectKind::kToken:
    case ObjectKind::kBomb:
    case ObjectKind::kReference:
    case ObjectKind::kDictTable:
    case ObjectKind::kWeakRef:
      return;
    case ObjectKind::kDict:
      visit_dict(static_cast<const DictObject&>(object), visitor);
      return;
    case ObjectKind::kCell:
    case ObjectKind::kRecord:
      visitor.visit(static_cast<const Cell&>(object).content);
      return;
    case ObjectKind::kFunction:
      visitor.visit(static_cast<const FunctionObject&>(object).closure);
      return;
    case ObjectKind::kTuple: {
      auto& tuple = static_cast<Tuple&>(object);
      for (std::uint32_t i = 0; i < tuple.count; ++i) visitor.visit(tuple.items()[i]);
      return;
    }
    case ObjectKind::kGenerator: {
      const auto& generator = static_cast<const GeneratorObject&>(object);
      if (generator.frame) visitor.visit_frame(generator.frame);
      return;
    }
    case ObjectKind::kPair: {
      const auto& pair = static_cast<const Pair&>(object);
      visitor.visit(pair.first);
      visitor.visit(pair.second);
      return;
    }
    case ObjectKind::kFrame: {
      auto& frame = static_cast<Frame&>(object);
      if (frame.back) visitor.visit_frame(frame.back);
      if (frame.code->visit_locals != nullptr) frame.code->visit_locals(frame, visitor);
      return;
    }
    case ObjectKind::kTasklet: {
      const auto& tasklet = static_cast<const Tasklet&>(object);
      visitor.visit(tasklet.tempval);
      if (tasklet.frame) visitor.visit_frame(tasklet.frame);
      visitor.visit(tasklet.locals);
      return;
    }
    case ObjectKind::kChannel: {
      const auto& channel = static_cast<const Channel&>(object);
      for (Tasklet* member = channel.head; member != nullptr; member = member->next)
        visitor.visit(member);
      return;
    }
  }
}

}  // namespace reweave::runtime
