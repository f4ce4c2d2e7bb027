// What the runtime does all day, as loops: switches, spawns, channel round trips, spills. Through
// Thread's own interface, without the scenario language and its questions.
//
// A load is run in executions of kBatch repetitions each, because the arena of an execution only
// grows: a longer one would measure the caches of the machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace reweave::bench {

class TaskletLoad {
 public:
  enum class What {
    kSoftSwitch,  // schedule() between two tasklets, by returning to the dispatcher
    kHardSwitch,  // the same with C code on the stack: two slices are exchanged
    kSpawn,       // a tasklet is made, put into the run queue, runs, ends and dies
    kChannel,     // a value goes to another tasklet and one comes back: two sends and two receives
    kSpill,       // a C stack is moved to the heap and back, around an empty function
  };
  static constexpr std::uint64_t kBatch = 1000;

  /// `padding_bytes`: how much deeper the C stack is than it has to be, for kHardSwitch and kSpill.
  explicit TaskletLoad(What what, std::size_t padding_bytes = 0);
  ~TaskletLoad();

  /// One execution: kBatch times what it is about. Aborts if that is not what happened.
  void run();

  /// How many slices the last run() exchanged.
  std::uint64_t slice_switches() const;

 private:
  class Program;
  std::unique_ptr<Program> program_;
};

}  // namespace reweave::bench
