#include "runtime/program/races.h"

#include <gtest/gtest.h>

#include <tuple>
#include <vector>

namespace reweave::program {
namespace {

constexpr std::uint32_t kMain = 0, kA = 1, kB = 2;

class RacesTest : public testing::Test {
 protected:
  RacesTest() { begin(); }
  void begin() {
    races_.begin();
    races_.created(kMain, kA);
    races_.created(kMain, kB);
  }
  bool write(std::uint32_t thread, const void* at, std::uint32_t bytes = 4) {
    return races_.access(thread, {at, bytes, thread, /*write=*/true, /*atomic=*/false}, &other_);
  }
  bool read(std::uint32_t thread, const void* at, std::uint32_t bytes = 4) {
    return races_.access(thread, {at, bytes, thread, /*write=*/false, /*atomic=*/false}, &other_);
  }
  bool atomic_write(std::uint32_t thread, const void* at) {
    return races_.access(thread, {at, 4, thread, /*write=*/true, /*atomic=*/true}, &other_);
  }

  Races races_;
  RacingAccess other_;
  alignas(8) int x_[4] = {};
  int lock_ = 0, flag_ = 0;
};

TEST_F(RacesTest, SeesTwoWritesThatNothingOrders) {
  EXPECT_FALSE(write(kA, x_));
  EXPECT_TRUE(write(kB, x_));
  EXPECT_EQ(other_.thread, kA);
  EXPECT_EQ(other_.site, kA);
  EXPECT_TRUE(other_.write);
}

TEST_F(RacesTest, SeesAReadAndAWriteInEitherOrder) {
  EXPECT_FALSE(read(kA, x_));
  EXPECT_TRUE(write(kB, x_));
  EXPECT_FALSE(other_.write);
  EXPECT_FALSE(write(kA, x_ + 2));
  EXPECT_TRUE(read(kB, x_ + 2));
}

TEST_F(RacesTest, LeavesReadersAloneAndWhoeverIsAlone) {
  EXPECT_FALSE(read(kA, x_));
  EXPECT_FALSE(read(kB, x_));
  EXPECT_FALSE(write(kA, x_ + 2));
  EXPECT_FALSE(read(kA, x_ + 2));
  EXPECT_FALSE(write(kA, x_ + 2));
}

TEST_F(RacesTest, LeavesNeighboursInOneWordAlone) {
  char* const bytes = reinterpret_cast<char*>(x_);
  EXPECT_FALSE(write(kA, bytes, 3));
  EXPECT_FALSE(write(kB, bytes + 3, 1));
  EXPECT_TRUE(write(kB, bytes + 2, 1));
}

TEST_F(RacesTest, SeesBothWordsOfAnAccessThatCrosses) {
  char* const bytes = reinterpret_cast<char*>(x_);
  EXPECT_FALSE(write(kA, bytes + 6, 4));
  EXPECT_TRUE(read(kB, bytes + 9, 1));
  EXPECT_FALSE(read(kB, bytes + 10, 1));
}

TEST_F(RacesTest, KnowsThatALockOrders) {
  EXPECT_FALSE(write(kA, x_));
  races_.release(kA, &lock_);
  races_.acquire(kB, &lock_);
  EXPECT_FALSE(write(kB, x_));
  EXPECT_TRUE(read(kA, x_)) << "kA did not take it again";
}

TEST_F(RacesTest, DoesNotOrderWhatComesAfterTheRelease) {
  races_.release(kA, &lock_);
  EXPECT_FALSE(write(kA, x_));
  races_.acquire(kB, &lock_);
  EXPECT_TRUE(write(kB, x_));
}

TEST_F(RacesTest, KnowsBeginningAndEndOfAThread) {
  EXPECT_FALSE(write(kMain, x_));
  races_.created(kMain, 3);
  EXPECT_FALSE(write(3, x_));
  EXPECT_TRUE(read(kMain, x_));
  races_.joined(kMain, 3);
  EXPECT_FALSE(write(kMain, x_));
}

TEST_F(RacesTest, OrdersByReleaseAndAcquireOnly) {
  for (const auto& [store, load, ordered] :
       {std::tuple(Order::kRelease, Order::kAcquire, true),
        std::tuple(Order::kSequential, Order::kSequential, true),
        std::tuple(Order::kRelaxed, Order::kAcquire, false),
        std::tuple(Order::kRelease, Order::kRelaxed, false)}) {
    begin();
    EXPECT_FALSE(write(kA, x_));
    races_.store(kA, &flag_, store);
    races_.load(kB, &flag_, load);
    EXPECT_EQ(read(kB, x_), !ordered);
  }
}

TEST_F(RacesTest, OrdersByFencesAroundRelaxedOnes) {
  EXPECT_FALSE(write(kA, x_));
  races_.fence(kA, Order::kRelease);
  races_.store(kA, &flag_, Order::kRelaxed);
  races_.load(kB, &flag_, Order::kRelaxed);
  EXPECT_FALSE(write(kB, x_ + 2));
  races_.fence(kB, Order::kAcquire);
  EXPECT_FALSE(read(kB, x_));
}

TEST_F(RacesTest, ForgetsWhatAnOverwrittenValuePublished) {
  EXPECT_FALSE(write(kA, x_));
  races_.store(kA, &flag_, Order::kRelease);
  races_.store(kMain, &flag_, Order::kRelaxed);
  races_.load(kB, &flag_, Order::kAcquire);
  EXPECT_TRUE(read(kB, x_));
}

TEST_F(RacesTest, KeepsAReleaseSequenceOverExchanges) {
  EXPECT_FALSE(write(kA, x_));
  races_.store(kA, &flag_, Order::kRelease);
  races_.exchange(kMain, &flag_, Order::kRelaxed);
  races_.load(kB, &flag_, Order::kAcquire);
  EXPECT_FALSE(read(kB, x_));
}

TEST_F(RacesTest, LetsATakerGiveBackByARelaxedExchange) {
  races_.exchange(kA, &flag_, Order::kAcquire);
  EXPECT_FALSE(write(kA, x_));
  races_.exchange(kA, &flag_, Order::kRelaxed);
  races_.exchange(kB, &flag_, Order::kAcquire);
  EXPECT_FALSE(write(kB, x_));
  EXPECT_FALSE(write(kMain, x_ + 2));
  races_.exchange(kMain, &flag_, Order::kRelaxed);
  races_.load(kB, &flag_, Order::kAcquire);
  EXPECT_TRUE(read(kB, x_ + 2)) << "kMain had not taken it";
}

TEST_F(RacesTest, TellsAtomicFromPlain) {
  EXPECT_FALSE(atomic_write(kA, x_));
  EXPECT_FALSE(atomic_write(kB, x_));
  EXPECT_TRUE(read(kB, x_));
  EXPECT_TRUE(other_.atomic);
}

TEST_F(RacesTest, ForgetsMemoryThatWasGivenBack) {
  EXPECT_FALSE(write(kA, x_));
  races_.forget(x_, sizeof x_);
  EXPECT_FALSE(write(kB, x_));
  EXPECT_FALSE(write(kA, x_ + 2));
  races_.forget(x_, std::size_t{1} << 40);
  EXPECT_FALSE(write(kB, x_ + 2));
}

TEST_F(RacesTest, TellsWordsApartThatHaveOneNumber) {
  races_.number_by([](const void*) -> std::uintptr_t { return 64; });
  EXPECT_FALSE(write(kA, x_));
  EXPECT_FALSE(write(kB, x_ + 2)) << "another word";
  EXPECT_TRUE(write(kA, x_ + 2));
}

TEST_F(RacesTest, OrdersAllThatWasBeforeAMeeting) {
  EXPECT_FALSE(write(kA, x_));
  races_.meet();
  EXPECT_FALSE(write(kB, x_));
  EXPECT_TRUE(write(kA, x_));
}

TEST_F(RacesTest, KnowsNothingOfTheLastExecution) {
  EXPECT_FALSE(write(kA, x_));
  races_.release(kA, &lock_);
  begin();
  EXPECT_FALSE(write(kB, x_));
  races_.acquire(kB, &lock_);
  EXPECT_TRUE(read(kA, x_));
}

TEST_F(RacesTest, KeepsManyObjectsApart) {
  std::vector<char> objects(1000);
  for (char& object : objects) races_.release(kMain, &object);
  EXPECT_FALSE(write(kA, x_));
  races_.release(kA, &objects[777]);
  races_.acquire(kB, &objects[778]);
  EXPECT_TRUE(read(kB, x_));
  races_.acquire(kB, &objects[777]);
  EXPECT_FALSE(read(kB, x_));
}

}  // namespace
}  // namespace reweave::program
