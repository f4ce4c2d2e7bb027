// What Python calls time.sleep: a thread waits for a time, and for nothing else.
#pragma once

#include <cstdint>

#include "runtime/tasklet/thread.h"
#include "runtime/tasklet/watcher.h"

namespace reweave::runtime {

/// The whole thread waits for so many microseconds of virtual time; 0: only for its next turn.
/// `site` is where other threads get theirs. May switch threads.
inline void pause(Thread& self, SiteId site, std::uint64_t microseconds) {
  Watcher* const watcher = self.shared().lock.watcher;
  if (watcher != nullptr) watcher->wait_begins(self, WaitKind::kSleep, -1);
  (void)park(self, self.clock().after(microseconds), site);
  if (watcher != nullptr) watcher->wait_ends(self);
}

}  // namespace reweave::runtime
