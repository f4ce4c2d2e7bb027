// Routines: coroutines that are suspended and resumed, so that rules which nest (a release runs a
// callback, which switches, which releases …) can be written down from top to bottom.
//
// A routine is called by `co_await`; it starts then, and its result is the value of the expression.
// A caller that stores the handle of the innermost one can resume another chain and return later:
// that is a tasklet switch. Nothing runs on the machine stack but the one loop below, so depth
// costs nothing but memory, and no stack is ever copied.
//
// Memory comes from a pool. Locals of routines must need no destructor: a chain that is never gone
// on with is forgotten, and its memory comes back when the pool is reset. After warm-up nothing is
// allocated.
#pragma once

#include <array>
#include <coroutine>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <type_traits>
#include <vector>

#include "scheduler/base/reweave_check.h"

namespace reweave::runtime::specification {

/// Memory for the frames of routines: by size class, last in first out, all of it given back at
/// once.
class FramePool {
 public:
  void* take(std::size_t bytes) {
    const std::size_t size_class = (bytes + sizeof(Header) + kGrain - 1) / kGrain;
    REWEAVE_CHECK(size_class < kClasses);
    Header* header = free_[size_class];
    if (header != nullptr) {
      free_[size_class] = header->next_free;
    } else {
      header = new (carve(size_class * kGrain)) Header;
    }
    header->pool = this;
    header->size_class = size_class;
    return header + 1;
  }
  static void give_back(void* memory) {
    Header* const header = static_cast<Header*>(memory) - 1;
    Header*& list = header->pool->free_[header->size_class];
    header->next_free = list;
    list = header;
  }
  /// Frees everything; handles that are still held become invalid.
  void reset() {
    free_.fill(nullptr);
    chunk_ = used_ = 0;
  }

 private:
  static constexpr std::size_t kGrain = 64, kClasses = 256, kChunkBytes = 64u << 10;
  struct alignas(std::max_align_t) Header {
    FramePool* pool = nullptr;
    union {
      Header* next_free = nullptr;
      std::size_t size_class;
    };
  };

  void* carve(std::size_t bytes) {
    if (chunk_ < chunks_.size() && used_ + bytes > kChunkBytes) {
      ++chunk_;
      used_ = 0;
    }
    if (chunk_ == chunks_.size()) chunks_.push_back(std::make_unique<std::byte[]>(kChunkBytes));
    std::byte* const at = chunks_[chunk_].get() + used_;
    used_ += bytes;
    return at;
  }

  std::array<Header*, kClasses> free_{};
  std::vector<std::unique_ptr<std::byte[]>> chunks_;
  std::size_t chunk_ = 0;  // The one being filled.
  std::size_t used_ = 0;   // Bytes of it.
};

/// Runs routines, one at a time. The class whose member functions are routines derives from it.
class Routines {
 public:
  using Handle = std::coroutine_handle<>;

  void run_until_nothing_is_next() {
    while (next_) {
      const Handle now = next_;
      next_ = nullptr;
      now.resume();
    }
  }

  FramePool pool_;
  Handle next_;  // Goes on when the running routine has suspended; null: the loop ends.
};

template <typename T>
class Routine {
 public:
  struct promise_type {
    T value{};
    Routines* routines = nullptr;
    Routines::Handle caller;

    template <typename... Args>
    static void* operator new(std::size_t bytes, Routines& routines, const Args&...) {
      return routines.pool_.take(bytes);
    }
    static void operator delete(void* memory, std::size_t) { FramePool::give_back(memory); }

    Routine get_return_object() {
      return Routine(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    auto final_suspend() noexcept {
      struct BackToCaller {
        bool await_ready() noexcept { return false; }
        void await_suspend(std::coroutine_handle<promise_type> self) noexcept {
          self.promise().routines->next_ = self.promise().caller;
        }
        void await_resume() noexcept {}
      };
      return BackToCaller{};
    }
    void return_value(T result) { value = result; }
    [[noreturn]] void unhandled_exception() { std::abort(); }
  };

  struct Call {
    std::coroutine_handle<promise_type> callee;
    bool await_ready() { return false; }
    template <typename Promise>
    void await_suspend(std::coroutine_handle<Promise> caller) {
      callee.promise().routines = caller.promise().routines;
      callee.promise().caller = caller;
      caller.promise().routines->next_ = callee;
    }
    T await_resume() {
      const T value = callee.promise().value;
      callee.destroy();
      return value;
    }
  };
  /// Calls it: `co_await routine(…)`, once.
  Call operator co_await() const { return {handle_}; }

  /// The beginning of a chain that nobody waits for.
  Routines::Handle start(Routines& routines) const {
    handle_.promise().routines = &routines;
    return handle_;
  }

 private:
  static_assert(std::is_trivially_destructible_v<T>);
  explicit Routine(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  std::coroutine_handle<promise_type> handle_;
};

/// `co_await Switch{routines, slot, next}`: the running chain is kept in `slot`, `next` is resumed;
/// null: nothing does.
struct Switch {
  Routines& routines;
  Routines::Handle& slot;
  Routines::Handle next;
  bool await_ready() { return false; }
  void await_suspend(Routines::Handle self) {
    slot = self;
    routines.next_ = next;
  }
  void await_resume() {}
};

}  // namespace reweave::runtime::specification
