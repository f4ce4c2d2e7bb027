#include "runtime/language/reductions.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "runtime/language/edit.h"
#include "scheduler/base/internal_check.h"

namespace reweave::runtime {
namespace {

constexpr std::uint64_t kThing = 10'000;
constexpr NameKind kKinds[] = {NameKind::kFunction, NameKind::kChannel, NameKind::kSlot,
                               NameKind::kWord};

std::uint64_t argument_cost(const ArgumentKind& kind, std::int32_t value) {
  switch (kind.weighs) {
    case ArgumentKind::Weighs::kNothing:
      return 0;
    case ArgumentKind::Weighs::kUnlessSimplest:
      return value == kind.simplest() ? 0 : 1;
    case ArgumentKind::Weighs::kItsValue:
      break;
  }
  return static_cast<std::uint64_t>(std::abs(value));
}

std::uint64_t op_cost(const Op& op) {
  std::uint64_t cost = kThing;
  if (op.code == OpCode::kRec) cost += 2;
  if (op.code == OpCode::kHcall) cost += 1;
  const char* letters = op_info(op.code).arguments;
  for (std::size_t i = 0; letters[i] != '\0'; ++i)
    cost += argument_cost(argument_kind(letters[i]), op.args[i]);
  return cost;
}

/// The function that a function calls, if it does nothing else; else -1.
std::int32_t only_callee(const Function& function) {
  if (function.ops.size() != 1) return -1;
  const Op& op = function.ops[0];
  if (op.code == OpCode::kCall || op.code == OpCode::kHcall) return op.args[0];
  if (op.code == OpCode::kRec) return op.args[1];
  return -1;
}

bool same_body(const Function& one, const Function& two) {
  return std::equal(one.ops.begin(), one.ops.end(), two.ops.begin(), two.ops.end(),
                    [](const Op& a, const Op& b) { return a.code == b.code && a.args == b.args; });
}

void remove_unused(Scenario& scenario) {
  // Functions first: what only they use is then unused, too.
  for (const NameKind kind : kKinds) {
    const std::vector<bool> used = used_names(scenario, kind);
    for (std::size_t i = used.size(); i-- > 0;) {
      if (!used[i]) remove_name(scenario, kind, i);
    }
  }
}

}  // namespace

std::uint64_t scenario_size(const Scenario& scenario) {
  std::uint64_t size = kThing * (scenario.functions.size() + scenario.channels.size() +
                                 scenario.slots.size() + scenario.words.size());
  size += kThing * (scenario.locks.size() + scenario.conditions.size() + scenario.orders.size());
  for (const Function& function : scenario.functions) {
    for (const Op& op : function.ops) size += op_cost(op);
  }
  return size;
}

Reductions::Reductions(const Scenario& scenario) : scenario_(scenario) {
  list_deletions();
  std::stable_sort(edits_.begin(), edits_.end(),
                   [](const Edit& a, const Edit& b) { return a.saving > b.saving; });
  list_unwraps();
  list_merges();
  list_simpler_operations();
  list_smaller_arguments();
}

void Reductions::list_deletions() {
  std::size_t unused = 0;
  for (const NameKind kind : kKinds) {
    const std::vector<bool> used = used_names(scenario_, kind);
    for (std::size_t i = 0; i < used.size(); ++i) {
      const bool is_function = kind == NameKind::kFunction;
      if (!used[i]) unused += is_function ? 1 + scenario_.functions[i].ops.size() : 1;
      if (is_function && i == 0) continue;
      std::size_t saving = is_function ? 1 + scenario_.functions[i].ops.size() : 1;
      for (const Function& function : scenario_.functions) {
        for (const Op& op : function.ops) {
          const char* letters = op_info(op.code).arguments;
          for (std::size_t a = 0; letters[a] != '\0'; ++a) {
            if (names_a(letters[a], kind) && op.args[a] == static_cast<std::int32_t>(i)) ++saving;
          }
        }
      }
      edits_.push_back({.kind = Kind::kRemoveName,
                        .first = i,
                        .value = static_cast<std::int32_t>(kind),
                        .saving = saving});
    }
  }
  if (unused > 0) edits_.push_back({.kind = Kind::kRemoveUnused, .saving = unused});
  for (std::size_t f = 0; f < scenario_.functions.size(); ++f) list_items(f);
  list_pairs();
}

/// What is sent and what receives it: without the other, either leaves somebody waiting.
void Reductions::list_pairs() {
  const auto for_each_op = [this](const auto& visit) {
    for (std::size_t f = 0; f < scenario_.functions.size(); ++f) {
      const std::vector<Op>& ops = scenario_.functions[f].ops;
      for (std::size_t i = 0; i < ops.size(); ++i) visit(f, i, ops[i]);
    }
  };
  for_each_op([&](std::size_t sender, std::size_t first, const Op& sent) {
    if (sent.code != OpCode::kSend && sent.code != OpCode::kSendx) return;
    for_each_op([&](std::size_t receiver, std::size_t last, const Op& received) {
      if (received.code != OpCode::kRecv || received.args[0] != sent.args[0]) return;
      edits_.push_back({.kind = Kind::kErasePair,
                        .function = sender,
                        .first = first,
                        .last = last,
                        .value = static_cast<std::int32_t>(receiver),
                        .saving = 2});
    });
  });
}

/// Of each body with k items: its first and its second half, its quarters, …, its single items.
void Reductions::list_items(std::size_t function) {
  const Function& whole = scenario_.functions[function];
  for (const OpRange body : bodies_of(whole)) {
    const std::vector<OpRange> items = items_of(whole, body);
    for (std::size_t run = items.size(); run > 0; run /= 2) {
      for (std::size_t at = 0; at < items.size(); at += run) {
        const std::size_t last = std::min(at + run, items.size()) - 1;
        const OpRange range{items[at].first, items[last].last};
        edits_.push_back({.kind = Kind::kEraseItems,
                          .function = function,
                          .first = range.first,
                          .last = range.last,
                          .saving = range.count()});
      }
    }
  }
}

void Reductions::list_unwraps() {
  for (std::size_t f = 0; f < scenario_.functions.size(); ++f) {
    const std::vector<Op>& ops = scenario_.functions[f].ops;
    for (std::size_t i = 0; i < ops.size(); ++i) {
      const OpShape shape = op_info(ops[i].code).shape;
      if (shape != OpShape::kBlock && shape != OpShape::kBlockThen) continue;
      edits_.push_back({.kind = Kind::kUnwrap, .function = f, .first = i});
    }
  }
}

void Reductions::list_merges() {
  for (std::size_t f = 1; f < scenario_.functions.size(); ++f) {
    const std::int32_t callee = only_callee(scenario_.functions[f]);
    if (callee >= 0 && callee != static_cast<std::int32_t>(f)) {
      edits_.push_back({.kind = Kind::kBypass, .function = f, .value = callee});
    }
  }
  for (const NameKind kind : kKinds) {
    const std::size_t count = name_count(scenario_, kind);
    for (std::size_t into = 0; into < count; ++into) {
      for (std::size_t gone = into + 1; gone < count; ++gone) {
        if (kind == NameKind::kFunction &&
            !same_body(scenario_.functions[into], scenario_.functions[gone])) {
          continue;
        }
        edits_.push_back({.kind = Kind::kMerge,
                          .first = into,
                          .last = gone,
                          .value = static_cast<std::int32_t>(kind)});
      }
      if (kind == NameKind::kWord) break;  // Words differ in nothing; the first will do.
    }
  }
}

void Reductions::list_simpler_operations() {
  for (std::size_t f = 0; f < scenario_.functions.size(); ++f) {
    const std::vector<Op>& ops = scenario_.functions[f].ops;
    for (std::size_t i = 0; i < ops.size(); ++i) {
      const auto becomes = [&](OpCode code) {
        edits_.push_back({.kind = Kind::kSetCode,
                          .function = f,
                          .first = i,
                          .value = static_cast<std::int32_t>(code)});
      };
      if (ops[i].code == OpCode::kRec && ops[i].args[1] >= 0) {
        becomes(OpCode::kCall);
        becomes(OpCode::kHcall);
      }
      if (ops[i].code == OpCode::kHcall) becomes(OpCode::kCall);
    }
  }
}

void Reductions::list_smaller_arguments() {
  for (std::size_t f = 0; f < scenario_.functions.size(); ++f) {
    const std::vector<Op>& ops = scenario_.functions[f].ops;
    for (std::size_t i = 0; i < ops.size(); ++i) {
      const char* letters = op_info(ops[i].code).arguments;
      for (std::size_t a = 0; letters[a] != '\0'; ++a) {
        const std::int32_t value = ops[i].args[a];
        const ArgumentKind& kind = argument_kind(letters[a]);
        const std::array<std::int32_t, 4> smaller{kind.simplest(), 1, value / 2, value - 1};
        const std::size_t count = kind.tries == ArgumentKind::Tries::kAllSmaller ? smaller.size()
                                  : kind.tries == ArgumentKind::Tries::kSimplest ? 1
                                                                                 : 0;
        for (std::size_t s = 0; s < count; ++s) {
          const auto begin = smaller.begin();
          if (std::find(begin, begin + s, smaller[s]) != begin + s) continue;
          if (argument_cost(kind, smaller[s]) >= argument_cost(kind, value)) continue;
          edits_.push_back({.kind = Kind::kSetArgument,
                            .function = f,
                            .first = i,
                            .last = a,
                            .value = smaller[s]});
        }
      }
    }
  }
}

void Reductions::apply(std::size_t n, Scenario& out) const {
  CHECK(n < edits_.size());
  const Edit& edit = edits_[n];
  out = scenario_;
  switch (edit.kind) {
    case Kind::kRemoveUnused:
      remove_unused(out);
      break;
    case Kind::kRemoveName:
      remove_name(out, static_cast<NameKind>(edit.value), edit.first);
      break;
    case Kind::kEraseItems:
      erase_items(out.functions[edit.function], {edit.first, edit.last});
      break;
    case Kind::kErasePair: {
      const auto receiver = static_cast<std::size_t>(edit.value);
      // The later one first, so that the other stays where it is.
      const bool sent_later = receiver == edit.function && edit.first > edit.last;
      if (sent_later) erase_items(out.functions[edit.function], {edit.first, edit.first + 1});
      erase_items(out.functions[receiver], {edit.last, edit.last + 1});
      if (!sent_later) erase_items(out.functions[edit.function], {edit.first, edit.first + 1});
      break;
    }
    case Kind::kUnwrap:
      unwrap_block(out.functions[edit.function], edit.first);
      break;
    case Kind::kBypass:
      redirect_name(out, NameKind::kFunction, edit.function, static_cast<std::size_t>(edit.value));
      remove_name(out, NameKind::kFunction, edit.function);
      break;
    case Kind::kMerge: {
      const auto kind = static_cast<NameKind>(edit.value);
      redirect_name(out, kind, edit.last, edit.first);
      remove_name(out, kind, edit.last);
      break;
    }
    case Kind::kSetCode: {
      Op& op = out.functions[edit.function].ops[edit.first];
      const std::int32_t target = op.code == OpCode::kRec ? op.args[1] : op.args[0];
      op.code = static_cast<OpCode>(edit.value);
      op.args = {target, 0, 0};
      break;
    }
    case Kind::kSetArgument:
      out.functions[edit.function].ops[edit.first].args[edit.last] = edit.value;
      break;
  }
  relink(out);
}

std::size_t reduction_count(const Scenario& scenario) { return Reductions(scenario).count(); }

bool reduce(const Scenario& scenario, std::size_t n, Scenario& out) {
  const Reductions reductions(scenario);
  if (n >= reductions.count()) return false;
  reductions.apply(n, out);
  return true;
}

}  // namespace reweave::runtime
