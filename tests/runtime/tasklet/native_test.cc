// The C++ interface alone, as native.h shows it: no scenario language, and none of the helpers of
// the other tests. The ledger must follow values all the same.
#include "runtime/tasklet/native.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "runtime/life/weakref.h"
#include "runtime/tasklet/runtime.h"
#include "scheduler/strategy/ordinary.h"

namespace reweave::runtime {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr SiteId kSend{1}, kReceive{2}, kForward{3};

class Native : public testing::Test, public LedgerNames {
 protected:
  std::string site(SiteId site) const override { return operation(site); }
  std::string operation(SiteId site) const override {
    constexpr std::array<const char*, 4> kNames = {"entry", "send", "recv", "forward"};
    return kNames.at(static_cast<std::uint32_t>(site));
  }

  /// Runs `main`; the signatures of what was found, and of what is left at the end.
  std::vector<std::string> found(const NativeCode::Body& main) {
    NativeCode code(main);
    Ordinary ordinary;
    execution_.begin(ordinary);
    EXPECT_TRUE(runtime_.run(code.code(), settings_, execution_, *this).ended);
    runtime_.ledger().end();
    std::vector<std::string> signatures;
    for (const Finding& finding : execution_.findings()) signatures.push_back(finding.signature);
    return signatures;
  }
  static Tasklet* start(Thread& thread, NativeCode& code) {
    Tasklet* const tasklet = thread.bind(code.code());
    thread.release(thread.insert(tasklet));
    return tasklet;
  }
  static Object* send(Thread& thread, Channel* channel, SiteId site = kSend) {
    return runtime::send(thread, channel, thread.make_token(), site, /*soft=*/false);
  }

  Settings settings_;
  Runtime runtime_;
  Execution execution_;
  Channel* channel_ = nullptr;
};

// The post's bug: the sender goes on and ends, and dies with the switch back to the receiver, whose
// value waits in its tempval; a weak reference runs code there that switches.
TEST_F(Native, AValueThatADyingTaskletsCallbackDropsIsLost) {
  NativeCode receiver([&](Thread& thread) {
    Object* const value = receive(thread, channel_, kReceive);
    if (value == nullptr) return static_cast<Object*>(nullptr);
    thread.release(value);
    return thread.none();
  });
  NativeCode sender([&](Thread& thread) { return send(thread, channel_); });
  NativeCode callback([](Thread& thread) { return thread.schedule(/*soft=*/false); });
  const auto main = [&](Thread& thread) -> Object* {
    channel_ = thread.make_channel(0);
    channel_->preference = 1;
    thread.release(start(thread, receiver));
    Tasklet* const dying = start(thread, sender);
    thread.release(add_weakref(thread, dying, &callback.code()));
    thread.release(dying);
    return run_others(thread);
  };
  EXPECT_THAT(found(main), IsEmpty());
  ASSERT_EQ(runtime_.ledger().receives().size(), 1u);
  EXPECT_EQ(runtime_.ledger().receives()[0].what, ReceiveResult::What::kValue);
  EXPECT_EQ(runtime_.ledger().receives()[0].site, kReceive);

  settings_.defects.add(Defect::kPostSwitchClear);
  EXPECT_THAT(found(main), ElementsAre("lost-value send entry"));
  ASSERT_EQ(runtime_.ledger().receives().size(), 1u);
  EXPECT_EQ(runtime_.ledger().receives()[0].what, ReceiveResult::What::kNone);
}

TEST_F(Native, NoneThatWasSentIsReceivedLikeAValue) {
  NativeCode receiver([&](Thread& thread) {
    Object* const value = receive(thread, channel_, kReceive);
    EXPECT_TRUE(value != nullptr && thread.is_none(value));
    return value;
  });
  EXPECT_THAT(
      found([&](Thread& thread) -> Object* {
        channel_ = thread.make_channel(0);
        thread.release(start(thread, receiver));
        thread.release(run_others(thread));
        thread.release(runtime::send(thread, channel_, thread.none(), kSend, /*soft=*/false));
        return run_others(thread);
      }),
      IsEmpty());
  ASSERT_EQ(runtime_.ledger().receives().size(), 1u);
  EXPECT_EQ(runtime_.ledger().receives()[0].what, ReceiveResult::What::kNone);
}

// A stage of a pipeline passes on what it receives: it is another token from then on, so that both
// receives are told apart, and one that is forgotten is one leak.
TEST_F(Native, AReceivedValueCanBeSentOn) {
  Channel* next = nullptr;
  NativeCode stage([&](Thread& thread) {
    Object* const value = receive(thread, channel_, kReceive);
    return runtime::send(thread, next, value, kForward, /*soft=*/false);
  });
  bool forgets = false;
  NativeCode last([&](Thread& thread) {
    Object* const value = receive(thread, next, kReceive);
    if (!forgets) thread.release(value);
    return thread.none();
  });
  const auto main = [&](Thread& thread) -> Object* {
    channel_ = thread.make_channel(0);
    next = thread.make_channel(1);
    thread.release(start(thread, stage));
    thread.release(start(thread, last));
    thread.release(run_others(thread));
    thread.release(send(thread, channel_));
    return run_others(thread);
  };
  EXPECT_THAT(found(main), IsEmpty());
  const auto& receives = runtime_.ledger().receives();
  ASSERT_EQ(receives.size(), 2u);
  EXPECT_EQ(receives[0].token, 1u);
  EXPECT_EQ(receives[1].token, 2u);
  forgets = true;
  EXPECT_THAT(found(main), ElementsAre("leak value"));
}

// A callback of the channel receives in the middle of the receive that it is called for.
TEST_F(Native, AReceiveInTheMiddleOfAnotherLeavesItsExpectationAlone) {
  Channel* inner = nullptr;
  NativeCode callback([&](Thread& thread) {
    if (inner->balance <= 0) return thread.none();
    thread.shared().channel_callback = {};
    return receive(thread, inner, kReceive);
  });
  NativeCode sender([&](Thread& thread) { return send(thread, channel_); });
  NativeCode inner_sender([&](Thread& thread) { return send(thread, inner, kForward); });
  EXPECT_THAT(found([&](Thread& thread) -> Object* {
                channel_ = thread.make_channel(0);
                inner = thread.make_channel(1);
                thread.release(start(thread, sender));
                thread.release(start(thread, inner_sender));
                thread.release(run_others(thread));
                thread.shared().channel_callback = {.installed = true, .code = &callback.code()};
                Object* const value = receive(thread, channel_, kReceive);
                EXPECT_NE(value, nullptr);
                thread.release(value);
                return run_others(thread);
              }),
              IsEmpty());
  const auto& receives = runtime_.ledger().receives();
  ASSERT_EQ(receives.size(), 2u);
  EXPECT_EQ(receives[0].token, 2u);
  EXPECT_EQ(receives[1].token, 1u);
}

}  // namespace
}  // namespace reweave::runtime
