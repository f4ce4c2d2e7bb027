#include "runtime/oracle/lingering.h"

#include <algorithm>

#include "runtime/tasklet/tasklet.h"

namespace reweave::runtime {

void Lingering::note(std::uint64_t step, bool at_end, std::span<Object* const> objects) {
  if (objects.empty()) return;
  LingeringMoment& moment = moments_.emplace_back();
  moment.step = step;
  moment.at_end = at_end;
  objects_ = objects;
  for (Object* const object : objects) {
    LingeringMoment::Node& node = moment.nodes.emplace_back();
    node.kind = object->kind;
    if (object->kind == ObjectKind::kTasklet) {
      node.number = static_cast<const Tasklet*>(object)->number;
      node.actor = static_cast<const Tasklet*>(object)->actor;
    } else if (object->kind == ObjectKind::kChannel) {
      node.number = static_cast<const Channel*>(object)->number;
    } else {
      node.number = static_cast<const Thing*>(object)->number;
    }
    holds_ = &node.holds;
    visit_references(*object, *this);
  }
}

void Lingering::visit(Object* object) {
  if (object == nullptr || object->dead) return;
  if (object->kind == ObjectKind::kFrame || object->kind == ObjectKind::kPair) {
    visit_references(*object, *this);
    return;
  }
  const auto found = std::find(objects_.begin(), objects_.end(), object);
  if (found == objects_.end()) return;
  const auto index = static_cast<std::uint32_t>(found - objects_.begin());
  if (std::find(holds_->begin(), holds_->end(), index) == holds_->end()) holds_->push_back(index);
}

void Lingering::visit_frame(FrameRef frame) {
  if (frame.frame->generation == frame.generation) visit(frame.frame);
}

}  // namespace reweave::runtime
