// What a worker process leaves behind when it dies: its answers so far, in memory that it shares
// with its parent.
//
// Execution writes it while it runs, as plain data: at any moment the parent can stop or lose the
// child and still knows which execution it was, how far it came, what was answered and what the
// first oracle said. See isolate.h. One writer (the child) and one reader (the parent); the reader
// takes answers only after the writer has ended, and looks at the atomic fields at any time.
// Whoever dies of damaged memory may have written anything here: what the reader is given is within
// its bounds all the same, and there is no `bool` in here, of which only two values are valid.
// About 10 MB, of which only what is used is ever touched; it never lives on a stack.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scheduler/finding.h"
#include "scheduler/question.h"

namespace reweave {

/// Copies as much as fits, and ends it with NUL.
inline void copy_text(std::string_view text, std::span<char> to) {
  const std::size_t bytes = std::min(text.size(), to.size() - 1);
  std::memcpy(to.data(), text.data(), bytes);
  to[bytes] = '\0';
}

/// What it copied there.
inline std::string copied_text(std::span<const char> from) {
  return {from.data(), strnlen(from.data(), from.size())};
}

/// A non-ordinary answer in the dense record: the `index`-th question was answered with `answer`.
struct DenseAnswer {
  std::uint32_t index = 0;
  std::uint32_t answer = 0;
  bool operator==(const DenseAnswer&) const = default;
};

/// The dense record of an engine's words, each site << 8 | answer.
inline std::vector<DenseAnswer> answers_of_words(std::span<const std::uint32_t> words) {
  std::vector<DenseAnswer> answers;
  for (std::uint32_t i = 0; i < words.size(); ++i) {
    if ((words[i] & 0xff) != 0) answers.push_back({i, words[i] & 0xff});
  }
  return answers;
}

/// A non-ordinary answer under its name, as the named mode collects it.
struct NamedRecord {
  ActorId actor{};
  QuestionKind kind{};
  SiteId site{};
  std::uint32_t nth = 0;
  std::uint32_t answer = 0;
  ActorId chosen{};        // For `run`: the actor chosen.
  std::uint64_t step = 0;  // The step at which it was given.
};

/// Where an actor comes from; the root is its own parent and has ordinal 0.
struct ActorOrigin {
  ActorId parent{};
  std::uint32_t ordinal = 0;  // n-th child of its parent, from 1.
};

/// "0.2.1", for an actor of `actors`; of one that is not there, as far as it is known.
inline std::string path_of(std::span<const ActorOrigin> actors, ActorId actor) {
  auto index = static_cast<std::size_t>(actor);
  std::string path;
  // A parent is always older than its child: else this would go round in circles.
  while (index != 0 && index < actors.size()) {
    const auto parent = static_cast<std::size_t>(actors[index].parent);
    if (parent >= index) break;
    path.insert(0, "." + std::to_string(actors[index].ordinal));
    index = parent;
  }
  return "0" + path;
}

/// An array that no constructor touches, for memory that is 0 when the system hands it out: a page
/// that nobody reaches is never committed. Each element is written before it is read.
template <typename T, std::size_t kCount>
union UntouchedArray {
  UntouchedArray() {}
  T& operator[](std::size_t index) { return items[index]; }
  const T& operator[](std::size_t index) const { return items[index]; }
  T* data() { return items; }
  const T* data() const { return items; }

  T items[kCount];
};

struct SharedTape {
  static constexpr std::uint32_t kAnswersMax = 1u << 17, kActorsMax = 1u << 15;
  static constexpr std::uint32_t kSignatureBytes = 256, kMessageBytes = 2048, kOracleBytes = 32;
  static constexpr std::uint32_t kWordsMax = 1u << 20;

  std::atomic<std::uint64_t> executions{0};            // How many were begun.
  std::atomic<std::uint64_t> step{0};                  // The last step begun.
  std::atomic<std::uint64_t> number{0};                // Of the execution, in a search.
  std::atomic<std::uint64_t> stop_before{UINT64_MAX};  // The parent: the search ends before it.
  std::uint32_t questions = 0;                         // Asked so far in this execution.
  std::uint32_t answer_count = 0;                      // Valid entries of `answers`.
  std::uint32_t named_count = 0;                       // Valid entries of `named`: 0 in fast mode.
  std::uint32_t actor_count = 0;                       // Valid entries of `actors`: 0 in fast mode.
  std::uint8_t overflowed = 0;   // 1: something did not fit; what is here is only the beginning.
  std::uint8_t has_finding = 0;  // 1: an oracle spoke before the end; what follows says what.
  FindingKind finding_kind{};
  std::uint64_t finding_step = 0;
  std::array<char, kSignatureBytes> signature{};  // Cut off if longer; ends with NUL.
  std::array<char, kMessageBytes> message{};
  std::array<char, kOracleBytes> oracle{};
  UntouchedArray<DenseAnswer, kAnswersMax> answers;
  UntouchedArray<NamedRecord, kAnswersMax> named;
  UntouchedArray<ActorOrigin, kActorsMax> actors;

  /// 1: an engine chose by a fast form. Then `step` is how many steps have no word below more
  /// than there are words that are no steps, and `questions` and `answers` are not kept: the words
  /// say all.
  std::uint8_t fast = 0;
  /// One word for each question, site << 8 | answer, never 0; behind the last one there is a 0.
  UntouchedArray<std::uint32_t, kWordsMax + 1> words;

  /// For the next execution: no answer, no finding.
  void clear() {
    step.store(0, std::memory_order_relaxed);
    questions = answer_count = named_count = actor_count = 0;
    overflowed = has_finding = fast = 0;
  }
  void set_finding(const Finding& finding) {
    finding_kind = finding.kind;
    finding_step = finding.step;
    copy_text(finding.signature, signature);
    copy_text(finding.message, message);
    copy_text(finding.oracle, oracle);
    has_finding = 1;
  }
  /// If there is one; texts may be cut off.
  Finding finding() const {
    const bool known = static_cast<int>(finding_kind) < kFindingKindCount;
    return {known ? finding_kind : FindingKind::kCrash, finding_step, copied_text(signature),
            copied_text(message), copied_text(oracle)};
  }

  std::uint32_t word_count() const {
    std::uint32_t count = 0;
    while (count < kWordsMax && words[count] != 0) ++count;
    return count;
  }
  /// What holds in both cases.
  std::uint64_t steps() const {
    return step.load(std::memory_order_relaxed) + (fast ? word_count() : 0);
  }
  std::uint32_t questions_asked() const { return fast ? word_count() : questions; }
  std::vector<DenseAnswer> dense_answers() const {
    if (fast) return answers_of_words({words.data(), word_count()});
    return {answers.data(), answers.data() + std::min(answer_count, kAnswersMax)};
  }
  /// Those with a kind that there is.
  std::vector<NamedRecord> named_records() const {
    std::vector<NamedRecord> records;
    for (const NamedRecord& record : std::span(named.data(), std::min(named_count, kAnswersMax))) {
      if (static_cast<int>(record.kind) < kQuestionKindCount) records.push_back(record);
    }
    return records;
  }
  /// Of those in `actors`.
  std::string path_of(ActorId actor) const {
    return reweave::path_of({actors.data(), std::min(actor_count, kActorsMax)}, actor);
  }
};

}  // namespace reweave
