// What a process that explores has to tell the one that it was forked from: how many questions were
// asked, whether there was a second thread, whether anything told of accesses to memory, and what
// escaped control.
//
// Executions run in children that may end at any moment, and a report is made by their parent. So
// it lies in memory that both share, is written by one process at a time, and a half-written row is
// not read. Room for 64 escapes; the same one is noted once. No allocation, no lock.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace reweave::program {

class SharedNotes {
 public:
  /// In memory that later forks share; lives for ever. Aborts if the system gives none.
  static SharedNotes& make();

  void add_questions(std::uint64_t more) { questions_.fetch_add(more, std::memory_order_relaxed); }
  std::uint64_t questions() const { return questions_.load(std::memory_order_relaxed); }

  void see_accesses() { accesses_.store(true, std::memory_order_relaxed); }
  bool saw_accesses() const { return accesses_.load(std::memory_order_relaxed); }

  void see_second_thread() { threads_.store(true, std::memory_order_relaxed); }
  bool saw_second_thread() const { return threads_.load(std::memory_order_relaxed); }

  /// The first execution that was stopped at the limit of steps: where its threads were. Later
  /// calls change nothing.
  void note_stop(std::span<const std::uint32_t> sites);
  std::vector<std::uint32_t> stop_sites() const;

  /// `name`, which lives for ever in every process, was used at `site`.
  void add_escape(const char* name, std::uint32_t site);
  /// In the order in which they were noted.
  std::vector<std::pair<const char*, std::uint32_t>> escapes() const;

 private:
  struct Escape {
    std::atomic<const char*> name;  // Null: not written yet.
    std::uint32_t site;
  };
  static constexpr std::uint32_t kEscapesMax = 64, kStopSitesMax = 8;

  std::uint32_t escape_count() const;

  std::atomic<std::uint64_t> questions_;
  std::atomic<bool> accesses_;
  std::atomic<bool> threads_;
  std::atomic<std::uint32_t> count_;  // May be more than there is room for.
  std::array<Escape, kEscapesMax> escapes_;
  std::atomic<bool> stop_taken_, stop_written_;
  std::uint32_t stop_count_;
  std::array<std::uint32_t, kStopSitesMax> stop_sites_;
};

}  // namespace reweave::program
