// Small subjects for the tests of the scheduler: state machines without fibers, so that every count
// is known by hand.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scheduler/base/internal_check.h"
#include "scheduler/execution.h"
#include "scheduler/subject.h"

namespace reweave::toys {

/// What the toys have in common: sites are called "NAME.0", "NAME.1" …, texts and events mean
/// nothing much.
class Toy : public Subject {
 public:
  std::string text() const override { return "toy\n"; }
  std::string site_name(SiteId site) const override {
    return "op." + std::to_string(static_cast<std::uint32_t>(site));
  }
  std::optional<SiteId> find_site(std::string_view name) const override {
    if (name.substr(0, 3) != "op.") return std::nullopt;
    std::uint32_t number = 0;
    for (const char c : name.substr(3)) number = number * 10 + static_cast<std::uint32_t>(c - '0');
    if (number >= sites()) return std::nullopt;
    return SiteId{number};
  }
  std::string describe(const Event& event) const override {
    return "event " + std::to_string(event.kind) + " of " +
           std::to_string(static_cast<std::uint32_t>(event.actor));
  }
  virtual std::uint32_t sites() const { return 100; }
};

inline Finding finding(FindingKind kind, std::uint64_t step, std::string signature) {
  return Finding{kind, step, std::move(signature), "A toy's finding."};
}

/// n actors, children of the root; actor i has `steps` steps. Which one takes the next step is a
/// `run` question (scheduler/doc/design.md §2): the current one first, then the others in cyclic
/// order. Allocates nothing while it runs.
class Threads : public Toy {
 public:
  static constexpr std::size_t kThreadsMax = 8;

  Threads(std::uint32_t threads, std::uint32_t steps) : threads_(threads), steps_(steps) {
    CHECK(threads <= kThreadsMax);
  }

  void run(Execution& execution) override {
    begin();
    std::array<ActorId, kThreadsMax> actors{};
    std::array<std::uint32_t, kThreadsMax> done{};
    for (std::uint32_t i = 0; i < threads_; ++i) actors[i] = execution.spawn(ActorId{0});
    std::uint32_t current = 0;
    while (true) {
      std::array<Option, kThreadsMax> options{};
      std::array<std::uint32_t, kThreadsMax> ready{};
      std::uint32_t count = 0;
      for (std::uint32_t i = 0; i < threads_; ++i) {
        const std::uint32_t thread = (current + i) % threads_;
        if (done[thread] == steps_ || !can_go_on(thread)) continue;
        options[count].actor = actors[thread];
        ready[count++] = thread;
      }
      if (count == 0) break;
      const SiteId site{done[current]};
      const std::uint32_t answer =
          execution.ask(QuestionKind::kRun, actors[current], site, count, {options.data(), count});
      current = ready[answer];
      if (!execution.step(actors[current], site)) return;
      const std::array<std::int32_t, 2> args = {static_cast<std::int32_t>(current),
                                                static_cast<std::int32_t>(done[current])};
      execution.event(actors[current], 1, args);
      advance(execution, current, done[current]++);
    }
    finish(execution);
  }

 protected:
  virtual void begin() {}
  virtual bool can_go_on(std::uint32_t /*thread*/) const { return true; }
  virtual void advance(Execution&, std::uint32_t /*thread*/, std::uint32_t /*step*/) {}
  virtual void finish(Execution&) {}

  std::uint32_t threads_;
  std::uint32_t steps_;
};

/// Keeps the order of the steps as text, "0110".
class Interleavings : public Threads {
 public:
  using Threads::Threads;
  std::string trace;

 protected:
  void begin() override { trace.clear(); }
  void advance(Execution&, std::uint32_t thread, std::uint32_t) override {
    trace += static_cast<char>('0' + thread);
  }
};

/// The lost update: two threads read a counter and write it back one higher, after `padding` idle
/// steps each.
class LostUpdate : public Threads {
 public:
  explicit LostUpdate(std::uint32_t padding) : Threads(2, padding + 2), padding_(padding) {}

 protected:
  void begin() override { counter_ = 0; }
  void advance(Execution&, std::uint32_t thread, std::uint32_t step) override {
    if (step == padding_) seen_[thread] = counter_;
    if (step == padding_ + 1) counter_ = seen_[thread] + 1;
  }
  void finish(Execution& execution) override {
    if (counter_ != 2) {
      execution.report(
          finding(FindingKind::kAssertion, execution.steps(), "assertion: lost update"),
          /*stops=*/false);
    }
  }

 private:
  std::uint32_t padding_;
  int counter_ = 0;
  std::array<int, 2> seen_{};
};

/// A straight program of labelled ops. Each asks whether to spill and picks one of 10; the finding
/// needs a spill at one label, the pick 7 at a later one, and an op of a third label between them.
/// Reductions delete halves and single ops.
class Program : public Toy {
 public:
  static constexpr std::uint32_t kSpillAt = 5, kNeeded = 9, kPickAt = 14;

  explicit Program(std::uint32_t ops) {
    for (std::uint32_t i = 0; i < ops; ++i) labels_.push_back(i);
  }
  const std::vector<std::uint32_t>& labels() const { return labels_; }

  void run(Execution& execution) override {
    int stage = 0;
    for (const std::uint32_t label : labels_) {
      const SiteId site{label};
      if (!execution.step(ActorId{0}, site)) return;
      const std::uint32_t spill = execution.ask(QuestionKind::kSpill, ActorId{0}, site, 2);
      const std::uint32_t pick = execution.ask(QuestionKind::kPick, ActorId{0}, site, 10);
      if (stage == 0 && label == kSpillAt && spill == 1) stage = 1;
      if (stage == 1 && label == kNeeded) stage = 2;
      if (stage == 2 && label == kPickAt && pick >= 7) fail(execution);
    }
  }

  std::size_t reduction_count() const override { return 2 + labels_.size(); }
  std::unique_ptr<Subject> reduce(std::size_t n) const override {
    const std::size_t half = labels_.size() / 2;
    if (n == 0) return without(half, labels_.size());
    if (n == 1) return without(0, half);
    return without(n - 2, n - 1);
  }
  std::size_t size() const override { return labels_.size(); }

 protected:
  virtual void fail(Execution& execution) {
    execution.report(finding(FindingKind::kLostValue, execution.steps(), "lost-value: pick"), true);
  }
  virtual std::unique_ptr<Program> empty() const { return std::make_unique<Program>(0); }

 private:
  std::unique_ptr<Subject> without(std::size_t begin, std::size_t end) const {
    if (begin == end) return nullptr;
    std::unique_ptr<Program> smaller = empty();
    for (std::size_t i = 0; i < labels_.size(); ++i) {
      if (i < begin || i >= end) smaller->labels_.push_back(labels_[i]);
    }
    return smaller;
  }

  std::vector<std::uint32_t> labels_;
};

/// `questions` yes/no questions at one site each, from the root; the finding is that exactly those
/// in `wanted` were yes.
class Switches : public Toy {
 public:
  Switches(std::uint32_t questions, std::vector<std::uint32_t> wanted)
      : questions_(questions), wanted_(std::move(wanted)) {}

  void run(Execution& execution) override {
    std::size_t hits = 0, others = 0;
    for (std::uint32_t i = 0; i < questions_; ++i) {
      if (!execution.step(ActorId{0}, SiteId{i})) return;
      if (execution.ask(QuestionKind::kPreempt, ActorId{0}, SiteId{i}, 2) == 0) continue;
      bool wanted = false;
      for (const std::uint32_t w : wanted_) wanted = wanted || w == i;
      ++(wanted ? hits : others);
    }
    if (hits == wanted_.size() && others == 0) {
      execution.report(finding(FindingKind::kStructure, execution.steps(), "structure: switches"),
                       false);
    }
  }
  std::uint32_t sites() const override { return questions_; }

 private:
  std::uint32_t questions_;
  std::vector<std::uint32_t> wanted_;
};

}  // namespace reweave::toys
