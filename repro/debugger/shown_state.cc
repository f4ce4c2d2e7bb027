#include "repro/debugger/shown_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "repro/debugger/inquiry.h"
#include "repro/report/terminal.h"
#include "runtime/tasklet/runtime.h"
#include "runtime/tasklet/tasklet_state.h"

extern "C" {
[[gnu::used]] std::uint64_t reweave_stop_at_step = 0;
[[gnu::used]] std::uint64_t reweave_run_again = 0;
}

namespace reweave::repro {
namespace {

using runtime::FrameRef;
using runtime::Interpreter;
using runtime::Tasklet;

struct Shown {
  const runtime::ScenarioSubject* tasklets = nullptr;
  const Execution* execution = nullptr;
};
Shown shown;

bool is_alive(FrameRef frame) { return frame && frame.frame->generation == frame.generation; }

std::string place_of(const Interpreter& interpreter, SiteId site) {
  const std::string word = interpreter.operation(site);
  return interpreter.site(site) + (word == "entry" ? "" : " (" + word + ")");
}

std::string doing_of(const Tasklet& tasklet, const runtime::Scenario& program) {
  if (tasklet.ended) return "has ended";
  if (tasklet.thread != nullptr && tasklet.thread->current() == &tasklet) return "is current";
  if (tasklet.blocked != 0 && tasklet.channel != nullptr && !tasklet.channel->dead) {
    const std::size_t number = tasklet.channel->number;
    const std::string name =
        number < program.channels.size() ? program.channels[number] : std::to_string(number);
    return std::string("waits to ") + (tasklet.blocked > 0 ? "send" : "receive") + " on " + name;
  }
  if (tasklet.in_run_queue()) return "is runnable";
  return "is paused";
}

std::string tasklet_lines(const Tasklet& tasklet, const runtime::ScenarioSubject& subject) {
  const Interpreter& interpreter = subject.interpreter();
  const bool current = tasklet.thread != nullptr && tasklet.thread->current() == &tasklet;
  std::string text =
      fmt::format("{} {}  {}", current ? "*" : " ", shown.execution->actor_path(tasklet.actor),
                  doing_of(tasklet, subject.scenario()));
  if (!current && tasklet.cstate != nullptr && !tasklet.cstate->stub && tasklet.cstate->levels > 0)
    text += "; its stack is sliced away, " + plural(tasklet.cstate->levels, "level");
  text += "\n";
  constexpr int kFramesMax = 64;
  int number = 0;
  FrameRef frame = current ? tasklet.thread->evaluation().running : tasklet.frame;
  for (; is_alive(frame) && number < kFramesMax; frame = frame.frame->back)
    text += fmt::format("      #{}  {}\n", number++, place_of(interpreter, frame.frame->site));
  return text;
}

}  // namespace

void show_state_of(const runtime::ScenarioSubject* tasklets, const Execution* execution) {
  shown = {tasklets, execution};
}

namespace {

std::string place() {
  if (shown.execution == nullptr) return "nothing runs under a debugger's eyes here\n";
  std::string text = fmt::format("step {}", shown.execution->steps());
  if (const runtime::ScenarioSubject* const subject = shown.tasklets) {
    const runtime::Thread& thread = subject->interpreter().runtime().running();
    if (thread.current() != nullptr)
      text += ": " + shown.execution->actor_path(thread.current()->actor);
    const FrameRef frame = thread.evaluation().running;
    if (is_alive(frame)) text += " at " + place_of(subject->interpreter(), frame.frame->site);
  }
  return text + "\n";
}

std::string all_tasklets() {
  const runtime::ScenarioSubject* const subject = shown.tasklets;
  if (subject == nullptr) return "there are no tasklets here; of a program: reweave threads\n";
  std::string text;
  const runtime::Runtime& runtime = subject->interpreter().runtime();
  for (const Tasklet* t = runtime.first_tasklet(); t != nullptr; t = t->next_made)
    if (!t->dead && !t->dying) text += tasklet_lines(*t, *subject);
  return text;
}

std::string all_channels() {
  const runtime::ScenarioSubject* const subject = shown.tasklets;
  if (subject == nullptr) return "there are no channels here; of a program: reweave locks\n";
  const runtime::Runtime& runtime = subject->interpreter().runtime();
  const Tasklet* const head = runtime.running().queue().head;
  std::string text = "run queue:";
  const Tasklet* each = head;
  for (int i = 0; each != nullptr && i < 64; ++i) {
    text += " " + shown.execution->actor_path(each->actor);
    each = each->next == head ? nullptr : each->next;
  }
  text += "\n";
  for (const Tasklet* t = runtime.first_tasklet(); t != nullptr; t = t->next_made) {
    if (t->dead || t->dying) continue;
    if (t->blocked != 0)
      text += fmt::format("{} {}\n", shown.execution->actor_path(t->actor),
                          doing_of(*t, subject->scenario()));
    if (t->expects != 0 && t->expects != ~std::uint32_t{0})
      text += fmt::format("v{} is under way to {}\n", t->expects,
                          shown.execution->actor_path(t->actor));
  }
  return text;
}

std::string channel_name(std::size_t number, const runtime::Scenario& program) {
  return number < program.channels.size() ? program.channels[number]
                                          : "channel " + std::to_string(number);
}

std::string token_words(const runtime::Token& token) {
  std::string words = token.number == 0 ? "a value" : fmt::format("v{}", token.number);
  switch (token.place) {
    case runtime::TokenPlace::kSender:
      return words + ", with its sender";
    case runtime::TokenPlace::kInFlight:
      return words + ", handed over, not received yet";
    case runtime::TokenPlace::kDelivered:
      return words + ", received";
    case runtime::TokenPlace::kReleased:
      return words + ", released: " +
             runtime::release_reason_name(static_cast<runtime::ReleaseReason>(token.reason));
    case runtime::TokenPlace::kThrown:
      return words + ", thrown, not raised yet";
  }
  return words;
}

/// Of an object that the arena still knows, dead or alive.
std::string words_of(const runtime::Object& object, const runtime::ScenarioSubject& subject) {
  const std::string dead = object.dead ? ", dead" : "";
  switch (object.kind) {
    case runtime::ObjectKind::kNone:
      return "None";
    case runtime::ObjectKind::kToken:
    case runtime::ObjectKind::kBomb:
      return token_words(static_cast<const runtime::Token&>(object)) + dead;
    case runtime::ObjectKind::kTasklet: {
      const auto& tasklet = static_cast<const Tasklet&>(object);
      return "tasklet " + shown.execution->actor_path(tasklet.actor) + ", which " +
             doing_of(tasklet, subject.scenario()) + dead;
    }
    case runtime::ObjectKind::kChannel: {
      const auto& channel = static_cast<const runtime::Channel&>(object);
      std::string words = channel_name(channel.number, subject.scenario()) +
                          fmt::format(", balance {}", channel.balance);
      for (const Tasklet* t = channel.head; t != nullptr; t = t->next)
        words +=
            (t == channel.head ? "; there wait " : ", ") + shown.execution->actor_path(t->actor);
      return words + dead;
    }
    default:
      return fmt::format("a {}, {}", runtime::object_kind_name(object.kind),
                         plural(object.refs, "reference")) +
             dead;
  }
}

const void* find_tasklet(std::string_view path) {
  const runtime::ScenarioSubject* const subject = shown.tasklets;
  if (subject == nullptr) return nullptr;
  const Tasklet* t = subject->interpreter().runtime().first_tasklet();
  while (t != nullptr && (t->dead || !shown.execution->actor_is(t->actor, path))) t = t->next_made;
  return t;
}

const void* find_channel(std::string_view name) {
  const runtime::ScenarioSubject* const subject = shown.tasklets;
  if (subject == nullptr) return nullptr;
  const std::vector<std::string>& channels = subject->scenario().channels;
  const auto found = std::find(channels.begin(), channels.end(), name);
  if (found == channels.end()) return nullptr;
  return subject->interpreter().channel_at(static_cast<std::int32_t>(found - channels.begin()));
}

const void* object_words(const void* object) {
  const runtime::ScenarioSubject* const subject = shown.tasklets;
  return keep_words(object == nullptr || subject == nullptr
                        ? ""
                        : words_of(*static_cast<const runtime::Object*>(object), *subject));
}

}  // namespace
}  // namespace reweave::repro

extern "C" {
[[gnu::used]] const void* reweave_show_place(const void*) {
  return reweave::repro::keep_words(reweave::repro::place());
}
[[gnu::used]] const void* reweave_show_tasklets(const void*) {
  return reweave::repro::keep_words(reweave::repro::all_tasklets());
}
[[gnu::used]] const void* reweave_show_channels(const void*) {
  return reweave::repro::keep_words(reweave::repro::all_channels());
}
[[gnu::used]] const void* reweave_find_tasklet(const void* path) {
  return reweave::repro::find_tasklet(static_cast<const char*>(path));
}
[[gnu::used]] const void* reweave_find_channel(const void* name) {
  return reweave::repro::find_channel(static_cast<const char*>(name));
}
[[gnu::used]] const void* reweave_object_words(const void* object) {
  return reweave::repro::object_words(object);
}
}
