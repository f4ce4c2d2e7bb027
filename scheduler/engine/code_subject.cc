#include "scheduler/engine/code_subject.h"

#include <utility>

#include "scheduler/base/internal_check.h"

namespace reweave {
namespace {

constexpr std::string_view kStartName = "start";

}  // namespace

CodeSubject::CodeSubject(std::vector<std::string> sites, std::size_t stack_bytes)
    : sites_(std::move(sites)), machine_(stack_bytes), starts_(Engine::kActorsMax) {
  CHECK(sites_.size() < Pending::kSiteMax);
}

void CodeSubject::run(Execution& execution) {
  engine_.begin(execution, machine_);
  start();
  engine_.run();
  finish(execution);
}

Actor CodeSubject::spawn(void (*body)(void* argument), void* argument) {
  const Actor actor = engine_.actor_count();
  if (actor >= Engine::kActorsMax) return engine_.spawn(engine_.current(), body, argument);
  starts_[actor] = {this, body, argument};
  return engine_.spawn(engine_.current(), &CodeSubject::enter, &starts_[actor]);
}

void CodeSubject::enter(void* start) {
  const Start mine = *static_cast<Start*>(start);
  mine.body(mine.argument);
  mine.subject->engine_.leave();
}

std::string CodeSubject::site_name(SiteId site) const {
  const auto number = static_cast<std::uint32_t>(site);
  if (number == Pending::kStart) return std::string(kStartName);
  if (number == 0 || number > sites_.size()) return "site." + std::to_string(number);
  return sites_[number - 1];
}

std::optional<SiteId> CodeSubject::find_site(std::string_view name) const {
  if (name == kStartName) return SiteId{Pending::kStart};
  for (std::uint32_t i = 0; i < sites_.size(); ++i) {
    if (sites_[i] == name) return SiteId{i + 1};
  }
  return std::nullopt;
}

std::string CodeSubject::describe(const Event& event) const {
  std::string text = "event " + std::to_string(event.kind);
  for (std::uint8_t i = 0; i < event.count; ++i) text += " " + std::to_string(event.args[i]);
  return text;
}

}  // namespace reweave
