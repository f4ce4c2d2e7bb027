// Data races: two plain accesses to one place by two threads, at least one of them a write, that
// nothing orders.
//
// Idea: vector clocks (Lamport 1978; Mattern 1989). Each thread has a clock, a count for every
// thread; what it does is after everything that its clock has counted. A mutex, a semaphore, the
// end of a thread and each atomic carry a clock, too: whoever gives way puts its own there,
// whoever takes over joins it. Atomics pass on only what the orders and fences that the program
// names let them, so that a missing release shows as a race on what it should have published. The
// last accesses to each word are kept in four entries, as ThreadSanitizer does (Serebryany et al.,
// RV 2011), with a mask of the bytes: neighbours in one word are no race.
//
// One concession: a thread that took a word by an acquiring exchange gives it back by the next one,
// whatever order that names. libstdc++ 12 unlocks its atomic<shared_ptr> by a relaxed one, and
// nobody wants to hear of that.
//
// Guarantee: what is reported is not ordered, by any lock, atomic or thread of this execution. Not
// every race of it is seen: entries are replaced, and while one thread alone can go on nobody
// looks, so that such a time counts as ordered with everything before and after it.
//
// The same in a hunt and a replay. About 10 ns an access; 4 MiB.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace reweave::program {

/// std::memory_order, as instrumented code names it.
enum class Order : std::uint8_t { kRelaxed, kConsume, kAcquire, kRelease, kBoth, kSequential };

/// An access that races with the present one.
struct RacingAccess {
  std::uint32_t thread = 0;
  std::uint32_t site = 0;
  bool write = false;
  bool atomic = false;
  std::uint32_t bytes = 0;  // Of one word of 8 bytes.
};

class Races {
 public:
  Races();

  /// A new execution: one thread.
  void begin();
  void created(std::uint32_t parent, std::uint32_t child);
  /// `thread` has seen the end of `ended`.
  void joined(std::uint32_t thread, std::uint32_t ended);
  /// Whatever happened so far is before whatever comes.
  void meet();

  /// `thread` gives something up, or takes it over: what was before a release() of `object` is
  /// before what comes after an acquire(). Identity of the object only.
  void release(std::uint32_t thread, const void* object);
  void acquire(std::uint32_t thread, const void* object);

  void load(std::uint32_t thread, const void* atomic, Order order);
  void store(std::uint32_t thread, const void* atomic, Order order);
  void exchange(std::uint32_t thread, const void* atomic, Order order);
  void fence(std::uint32_t thread, Order order);

  /// What an access must not be between.
  struct Access {
    const void* address = nullptr;
    std::uint32_t bytes = 1;
    std::uint32_t site = 0;
    bool write = false;
    bool atomic = false;
  };
  using NumberOf = std::uintptr_t (*)(const void* address);
  /// Which numbers addresses have, if others than their own: what is forgotten for want of room
  /// goes by them. Several addresses may have one number.
  void number_by(NumberOf number_of) { number_of_ = number_of; }
  /// True: it races with `*other`. It is remembered, unless the program allows races there.
  bool access(std::uint32_t thread, const Access& access, RacingAccess* other);
  /// Races between accesses to these bytes are meant, in this execution.
  void allow(const void* address, std::size_t bytes) {
    allowed_.emplace_back(reinterpret_cast<std::uintptr_t>(address), bytes);
  }
  /// These bytes are no longer what they were: memory was given back.
  void forget(const void* address, std::size_t bytes);

 private:
  using Clock = std::vector<std::uint32_t>;
  struct ThreadClocks {
    Clock now;
    Clock acquired;  // By relaxed loads: an acquire fence takes it over.
    Clock fenced;    // At the last release fence: relaxed stores publish it. Empty: there was none.
  };
  struct Object {
    const void* address = nullptr;
    std::uint32_t execution = 0;
    std::uint32_t taker =
        0;  // Thread + 1 that was the last to change it, by an acquiring exchange.
    Clock clock;
  };
  struct Entry {
    std::uint32_t time = 0;  // 0: free.
    std::uint16_t thread = 0;
    std::uint8_t bytes = 0;  // A bit for each.
    std::uint8_t kind = 0;   // kWrite, kAtomic.
    std::uint32_t site = 0;
  };
  struct alignas(64) Word {
    std::uintptr_t number = 0;
    std::uint32_t execution = 0;
    std::uint32_t next = 0;  // The entry to be replaced.
    std::array<Entry, 4> entries{};
  };
  static constexpr std::uint8_t kWrite = 1, kAtomic = 2;
  static constexpr std::size_t kWordBits = 16;

  Object& object(const void* address);
  Word& word(std::uintptr_t number);
  Word& place_of(std::uintptr_t number);
  bool access_word(std::uint32_t thread, std::uintptr_t number, std::uint8_t bytes,
                   const Access& access, RacingAccess* other);
  std::uint32_t tick(std::uint32_t thread) { return ++threads_[thread].now[thread]; }
  static void join(Clock& clock, const Clock& other);

  std::vector<ThreadClocks> threads_;  // By number; the first `count_` are of this execution.
  std::uint32_t count_ = 0;
  std::uint32_t execution_ = 0;  // What is stamped with another one is not there.
  std::vector<Object> objects_;  // A hash table with open addressing.
  std::size_t objects_used_ = 0;
  std::unique_ptr<Word[]> words_;
  std::vector<std::pair<std::uintptr_t, std::size_t>> allowed_;  // Where, and how many bytes.
  NumberOf number_of_ = [](const void* address) {
    return reinterpret_cast<std::uintptr_t>(address);
  };
};

}  // namespace reweave::program
