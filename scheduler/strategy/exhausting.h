// Exhausting: another strategy, and depth first instead where that one repeats itself.
//
// A search at random of a small subject soon shows executions that it has shown before: of 100,000
// of the neutral scenario under the portfolio 2,444 were different. Such a subject can be tried
// out, which is cheaper and proves something. So the other strategy works in windows of kWindow
// executions. After one of which more than half have repeated an earlier execution (by their trace
// hashes), kDepthFirst executions go to depth first, without a bound on answers; then comes the
// next window, for what depth first will not reach soon. When depth first has tried everything, so
// does end() say.
//
// Deterministic; depends on what was seen in earlier executions. The worst case is one window and
// an eighth of the time for the other strategy. Memory: that of DistinctHashes.
#pragma once

#include <memory>
#include <utility>

#include "scheduler/base/distinct.h"
#include "scheduler/strategy/depth_first.h"
#include "scheduler/strategy/strategy.h"

namespace reweave {

class Exhausting final : public Strategy {
 public:
  static constexpr std::uint32_t kWindow = 64;
  static constexpr std::uint32_t kDepthFirst = 7 * kWindow;

  /// `other` is not null, and gives no names.
  explicit Exhausting(std::unique_ptr<Strategy> other) : other_(std::move(other)) {}

  void begin(Prng prng, std::uint64_t execution) override;
  void attach(Execution& execution) override { current_->attach(execution); }
  std::uint32_t choose(const Question& question) override { return current_->choose(question); }
  bool wants_steps() const override { return current_->wants_steps(); }
  bool fast_form(FastForm& form) override { return current_->fast_form(form); }
  void pass(const Question& question) override { current_->pass(question); }
  bool end(const Execution& execution) override;

 private:
  std::unique_ptr<Strategy> other_;
  DepthFirst depth_first_;
  Strategy* current_ = nullptr;
  DistinctHashes seen_;
  std::uint32_t in_window_ = 0;         // Executions of the other one since its window began.
  std::uint32_t repeated_ = 0;          // So many of them were repetitions.
  std::uint32_t depth_first_left_ = 0;  // So many executions are depth first's before the next.
};

}  // namespace reweave
