// call_async through the interface for C++: jobs, workers, and what comes back between threads.
#include "runtime/service/call_async.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/runtime/native_program.h"

namespace reweave::runtime {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class CallAsync : public testing::Test {
 protected:
  NativeProgram program_;
  AsyncPool pool_{program_.runtime};

  Code& job(std::string word) {
    return program_.code([this, word](Thread& inner) {
      program_.say(word + " in thread " + std::to_string(inner.number()));
      return inner.none();
    });
  }
  /// Calls `code`, and says that it is back: with "value", or with the error.
  Object* call(Thread& inner, Code& code, const std::string& word) {
    Object* const value = pool_.call(code, program_.at("async"));
    const bool token = value != nullptr && value->kind == ObjectKind::kToken;
    const std::string error = NativeProgram::error(inner, value);
    program_.say(word + ": " + (token ? "value" : error.empty() ? "None" : error));
    return inner.none();
  }
  /// A tasklet that makes one call.
  Code& caller(Code& code, std::string word) {
    return program_.code([this, &code, word](Thread& inner) { return call(inner, code, word); });
  }
  /// Until nothing can go on in any thread. run() alone does not wait for other threads.
  void run_all(Thread& main) {
    for (int turn = 0; turn < 8; ++turn) {
      main.release(run_others(main));
      settle(main, SiteId{});
    }
  }
  void run(NativeProgram::Body main) {
    pool_.begin();
    EXPECT_TRUE(program_.run(std::move(main)).ended);
    EXPECT_THAT(program_.execution.findings(), IsEmpty());
  }
};

TEST_F(CallAsync, BringsTheValueBackFromAnotherThread) {
  Code& work = job("work");
  run([&](Thread& main) {
    main.release(call(main, work, "main"));
    return main.none();
  });
  EXPECT_THAT(program_.said, ElementsAre("work in thread 1", "main: value"));
  EXPECT_EQ(pool_.workers(), 1u);
}

TEST_F(CallAsync, RaisesTheJobsErrorInTheCaller) {
  Code& work = program_.code(
      [](Thread& inner) { return inner.raise(inner.make_error(ExceptionType::kValueError)); });
  run([&](Thread& main) {
    main.release(call(main, work, "main"));
    return main.none();
  });
  EXPECT_THAT(program_.said, ElementsAre("main: ValueError"));
}

TEST_F(CallAsync, DoesJobsInTheOrderInWhichTheyCame) {
  Code& one = job("one");
  Code& two = job("two");
  Code& three = job("three");
  run([&](Thread& main) {
    pool_.set_workers_max(1);
    program_.spawn(main, caller(one, "first"));
    program_.spawn(main, caller(two, "second"));
    program_.spawn(main, caller(three, "third"));
    run_all(main);
    return main.none();
  });
  EXPECT_THAT(program_.said, ElementsAre("one in thread 1", "two in thread 1", "three in thread 1",
                                         "first: value", "second: value", "third: value"));
}

TEST_F(CallAsync, StartsAWorkerOnlyWhereNoneIsIdleAndNotTooMany) {
  Code& work = job("work");
  run([&](Thread& main) {
    pool_.set_workers_max(2);
    main.release(call(main, work, "main"));
    main.release(call(main, work, "main"));
    EXPECT_EQ(pool_.workers(), 1u) << "the first one had nothing to do";
    for (int i = 0; i < 4; ++i) program_.spawn(main, caller(work, "tasklet"));
    run_all(main);
    EXPECT_EQ(pool_.workers(), 2u);
    EXPECT_EQ(pool_.jobs_waiting(), 0u);
    return main.none();
  });
}

TEST_F(CallAsync, FailsWhatNobodyHasBegunWhenThePoolStops) {
  Code& work = job("work");
  run([&](Thread& main) {
    pool_.set_workers_max(1);
    program_.spawn(main, caller(work, "first"));
    program_.spawn(main, caller(work, "second"));
    program_.spawn(main, program_.code([this](Thread&) {
      program_.say("stop with " + std::to_string(pool_.jobs_waiting()));
      return pool_.stop();
    }));
    main.release(run_others(main));
    settle(main, SiteId{});
    EXPECT_EQ(pool_.workers(), 0u);
    main.release(call(main, work, "late"));
    return main.none();
  });
  EXPECT_THAT(program_.said, ElementsAre("stop with 2", "first: pool_stopped",
                                         "second: pool_stopped", "late: pool_stopped"));
}

TEST_F(CallAsync, IsRefusedWhereThereCanBeNoWorker) {
  Code& work = job("work");
  run([&](Thread& main) {
    pool_.set_workers_max(0);
    main.release(call(main, work, "main"));
    return main.none();
  });
  EXPECT_THAT(program_.said, ElementsAre("main: no_worker"));
}

TEST_F(CallAsync, LosesNoValueWhenTheCallerDoesNotWaitAnyMore) {
  Code& work = job("work");
  run([&](Thread& main) {
    Tasklet* const tasklet = program_.spawn_kept(main, caller(work, "killed"));
    program_.spawn(main, program_.code([tasklet](Thread& inner) {
      return inner.kill(tasklet, /*soft=*/false);
    }));
    main.release(run_others(main));
    main.release(tasklet);
    settle(main, SiteId{});
    EXPECT_EQ(pool_.jobs_waiting(), 0u);
    return main.none();
  });
  EXPECT_THAT(program_.said, ElementsAre("killed: TaskletExit", "work in thread 1"));
}

TEST_F(CallAsync, KeepsTheLockInItsAtomicSection) {
  Code& work = job("work");
  run([&](Thread& main) {
    Tasklet* const self = main.current();
    self->atomic = true;
    main.release(call(main, work, "main"));
    EXPECT_TRUE(self->atomic) << "as it was";
    self->atomic = false;
    main.release(call(main, work, "main"));
    EXPECT_FALSE(self->atomic);
    return main.none();
  });
}

}  // namespace
}  // namespace reweave::runtime
