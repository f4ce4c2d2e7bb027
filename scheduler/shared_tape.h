// What a worker process leaves behind when it dies: its answers so far, in memory that it shares
// with its parent.
//
// Execution writes it while it runs, as plain data: at any moment the parent can stop or lose the
// child and still knows which execution it was, how far it came, what was answered and what the
// first oracle said. See isolate.h. One writer (the child) and one reader (the parent); the reader
// takes answers only after the writer has ended, and looks at the atomic fields at any time. About
// 6 MB; it never lives on a stack.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "scheduler/finding.h"
#include "scheduler/question.h"

namespace reweave {

/// A non-ordinary answer in the dense record: the `index`-th question was answered with `answer`.
struct DenseAnswer {
  std::uint32_t index = 0;
  std::uint32_t answer = 0;
  bool operator==(const DenseAnswer&) const = default;
};

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

struct SharedTape {
  static constexpr std::uint32_t kAnswersMax = 1u << 17, kActorsMax = 1u << 15;
  static constexpr std::uint32_t kSignatureBytes = 256, kMessageBytes = 2048;

  std::atomic<std::uint64_t> executions{0};  // How many were begun.
  std::atomic<std::uint64_t> step{0};        // The last step begun.
  std::uint32_t questions = 0;               // Asked so far in this execution.
  std::uint32_t answer_count = 0;            // Valid entries of `answers`.
  std::uint32_t named_count = 0;             // Valid entries of `named`: 0 in fast mode.
  std::uint32_t actor_count = 0;             // Valid entries of `actors`: 0 in fast mode.
  bool overflowed = false;   // Something did not fit: what is here is only the beginning.
  bool has_finding = false;  // An oracle spoke before the end; the four fields below say what.
  FindingKind finding_kind{};
  std::uint64_t finding_step = 0;
  std::array<char, kSignatureBytes> signature{};  // Cut off if longer; ends with NUL.
  std::array<char, kMessageBytes> message{};
  std::array<DenseAnswer, kAnswersMax> answers{};
  std::array<NamedRecord, kAnswersMax> named{};
  std::array<ActorOrigin, kActorsMax> actors{};
};

}  // namespace reweave
