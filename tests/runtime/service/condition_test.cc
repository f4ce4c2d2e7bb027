// Locks, both condition variables and sleeping, through the interface for C++.
#include "runtime/service/condition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/service/pause.h"
#include "tests/runtime/native_program.h"

namespace reweave::runtime {
namespace {

using testing::ElementsAre;

class Service : public testing::Test {
 protected:
  static ErrorCode error_of(Thread& thread, Object* value) {
    if (value != nullptr) {
      thread.release(value);
      return ErrorCode::kNone;
    }
    Bomb* const bomb = thread.take_error();
    const ErrorCode code = bomb->code;
    thread.release(bomb);
    return code;
  }
  static std::string at(Thread& thread) { return std::to_string(thread.clock().now()); }

  /// One waiter with a limit of a second, who is notified after `delay` microseconds.
  Condition::Wait wait_for_notify(std::uint64_t delay, Condition::Kind kind, std::uint64_t& woken) {
    Lock lock;
    Condition condition(lock);
    Condition::Wait result;
    Code& waiter = program_.code([&](Thread& inner) {
      EXPECT_EQ(lock.acquire(inner, SiteId{}), Lock::Got::kLock);
      EXPECT_EQ(error_of(inner, condition.wait(inner, SiteId{}, 1'000'000, kind, result)),
                ErrorCode::kNone);
      woken = inner.clock().now();
      inner.release(lock.release(inner));
      return inner.none();
    });
    program_.run([&](Thread& main) {
      program_.runtime.start_thread(1, waiter);
      settle(main, SiteId{});
      pause(main, SiteId{}, delay);
      EXPECT_EQ(lock.acquire(main, SiteId{}), Lock::Got::kLock);
      EXPECT_EQ(error_of(main, condition.notify(main, 1)), ErrorCode::kNone);
      main.release(lock.release(main));
      pause(main, SiteId{}, 1'000'000);
      return main.none();
    });
    return result;
  }

  NativeProgram program_;
};

TEST_F(Service, ALockThatIsGivenBackGoesToWhoWaitedLongest) {
  Lock lock;
  Code& taker = program_.code([&](Thread& inner) {
    EXPECT_EQ(lock.acquire(inner, SiteId{}), Lock::Got::kLock);
    program_.say("thread" + std::to_string(inner.number()));
    inner.release(lock.release(inner));
    return inner.none();
  });
  program_.run([&](Thread& main) {
    EXPECT_EQ(lock.acquire(main, SiteId{}), Lock::Got::kLock);
    for (const std::uint32_t number : {2u, 1u, 3u}) {
      program_.runtime.start_thread(number, taker);
      settle(main, SiteId{});
    }
    EXPECT_EQ(lock.waiting().size(), 3u);
    main.release(lock.release(main));
    EXPECT_TRUE(lock.held()) << "it has gone to the next already";
    settle(main, SiteId{});
    EXPECT_FALSE(lock.held());
    EXPECT_EQ(error_of(main, lock.release(main)), ErrorCode::kNotLocked);
    return main.none();
  });
  EXPECT_THAT(program_.said, ElementsAre("thread2", "thread1", "thread3"));
}

TEST_F(Service, ALockIsWaitedForUntilTheTimeIsOver) {
  Lock lock;
  program_.run([&](Thread& main) {
    EXPECT_EQ(lock.acquire(main, SiteId{}), Lock::Got::kLock);
    EXPECT_EQ(lock.acquire(main, SiteId{}, main.clock().after(0)), Lock::Got::kTimeout);
    EXPECT_EQ(lock.acquire(main, SiteId{}, main.clock().after(700)), Lock::Got::kTimeout);
    program_.say(at(main));
    EXPECT_EQ(lock.acquire(main, SiteId{}), Lock::Got::kDeadlock);
    EXPECT_EQ(error_of(main, nullptr), ErrorCode::kLockDeadlock);
    EXPECT_TRUE(lock.waiting().empty());
    return main.none();
  });
  EXPECT_THAT(program_.said, ElementsAre("700"));
}

TEST_F(Service, SleepersWakeInTheOrderOfTheirTimes) {
  const auto sleeper = [this](std::uint64_t microseconds) -> Code& {
    return program_.code([this, microseconds](Thread& inner) {
      pause(inner, SiteId{}, microseconds);
      program_.say(std::to_string(inner.number()) + " at " + at(inner));
      return inner.none();
    });
  };
  program_.run([&](Thread& main) {
    program_.runtime.start_thread(1, sleeper(300));
    program_.runtime.start_thread(2, sleeper(100));
    program_.runtime.start_thread(3, sleeper(100));
    pause(main, SiteId{}, 200);
    program_.say("main at " + at(main));
    pause(main, SiteId{}, 200);
    return main.none();
  });
  EXPECT_THAT(program_.said, ElementsAre("2 at 100", "3 at 100", "main at 200", "1 at 300"));
}

// 1, 2, 4 … 32, then 50 ms each: 63 ms have passed after six looks, 113 after seven.
TEST_F(Service, APollingWaiterFindsTheNotifyWhenHeLooksAgain) {
  std::uint64_t woken = 0;
  const Condition::Wait soon = wait_for_notify(500, Condition::Kind::kPolling, woken);
  EXPECT_TRUE(soon.notified);
  EXPECT_EQ(woken, 1'000u);
  EXPECT_EQ(soon.looks, 1u);
  const Condition::Wait late = wait_for_notify(64'000, Condition::Kind::kPolling, woken);
  EXPECT_TRUE(late.notified);
  EXPECT_EQ(woken, 113'000u);
  EXPECT_EQ(late.looks, 7u);
}

TEST_F(Service, AWaiterOnATimedLockIsWokenAtOnce) {
  std::uint64_t woken = 0;
  for (const std::uint64_t delay : {500u, 64'000u}) {
    const Condition::Wait result = wait_for_notify(delay, Condition::Kind::kTimed, woken);
    EXPECT_TRUE(result.notified);
    EXPECT_EQ(woken, delay);
    EXPECT_EQ(result.looks, 0u);
  }
}

TEST_F(Service, AWaiterWhoIsNotNotifiedIsToldSoWhenTheTimeIsOver) {
  for (const Condition::Kind kind : {Condition::Kind::kPolling, Condition::Kind::kTimed}) {
    std::uint64_t woken = 0;
    const Condition::Wait result = wait_for_notify(2'000'000, kind, woken);
    EXPECT_FALSE(result.notified);
    EXPECT_EQ(woken, 1'000'000u);
  }
}

TEST_F(Service, NeitherWaitsNorNotifiesWithoutTheLock) {
  Lock lock;
  Condition condition(lock);
  program_.run([&](Thread& main) {
    Condition::Wait result;
    EXPECT_EQ(error_of(main, condition.notify(main, 1)), ErrorCode::kNotLocked);
    EXPECT_EQ(error_of(main, condition.wait(main, SiteId{}, 5, Condition::Kind::kTimed, result)),
              ErrorCode::kNotLocked);
    return main.none();
  });
}

TEST_F(Service, WaitingWithoutAnEndForNobodyIsADeadlockAndTheLockIsTakenAgain) {
  Lock lock;
  Condition condition(lock);
  program_.run([&](Thread& main) {
    EXPECT_EQ(lock.acquire(main, SiteId{}), Lock::Got::kLock);
    Condition::Wait result;
    EXPECT_EQ(error_of(main, condition.wait(main, SiteId{}, Clock::kNever,
                                            Condition::Kind::kPolling, result)),
              ErrorCode::kLockDeadlock);
    EXPECT_TRUE(lock.held());
    return main.none();
  });
}

}  // namespace
}  // namespace reweave::runtime
