#include "runtime/tasklet/shared.h"

#include "runtime/tasklet/thread.h"

namespace reweave::runtime {

void Shared::begin(Execution& in, const LedgerNames& with) {
  execution = &in;
  names = &with;
  slice_cache.set_enabled(settings.slice_cache);
  lock.running = lock.threads.front();
  lock.threaded = lock.abandoning = selects = false;
  lock.attends_steps = lock.watcher != nullptr;
  tasklet_timers.clear();
  tasklet_timers_made = 0;
  clock.reset();
  stacks.clear();
  tasklet_numbers.clear();
  name_actor(ActorId{0}, 0);
  frames.clear();
  spill_code.zombie = jump_code.zombie = reap_code.zombie = FrameRef{};
  heap.reset();
  ledger.begin(in, with);
  none.refs = memory_error.refs = 1u << 30;
  memory_failed = false;
  memory_errors = 0;
  channel_callback = schedule_callback = {};
  error_handler = false;
  tasklet_count = 0;
  first_tasklet = last_tasklet = nullptr;
  last_channel = nullptr;
  last_dict = nullptr;
  tasklets_made = 0;
  step_site = SiteId{};
  structure_broken = false;
  touched.begin(looks_at_touched);
  thing_count = 0;
  free_records.clear();
  given_up = 0;
  collector.forget();
}

void Shared::name_actor(ActorId actor, std::int32_t tasklet) {
  const auto index = static_cast<std::size_t>(actor);
  if (tasklet_numbers.size() <= index) tasklet_numbers.resize(index + 1, -1);
  tasklet_numbers[index] = tasklet;
}

}  // namespace reweave::runtime
