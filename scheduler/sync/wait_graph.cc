#include "scheduler/sync/wait_graph.h"

#include <algorithm>

namespace reweave::sync {
namespace {

class Search {
 public:
  Search(const Waiters& waiters, const HoldersOf& holders_of)
      : waiters_(waiters), holders_of_(holders_of) {}

  /// Follows the edges from `thread`. True: circle() is one.
  bool from(ThreadId thread) {
    const auto on_path = std::find(path_.begin(), path_.end(), thread);
    if (on_path != path_.end()) {
      path_.erase(path_.begin(), on_path);
      return true;
    }
    if (std::find(done_.begin(), done_.end(), thread) != done_.end()) return false;
    const Wait& wait = waiters_.of(thread);
    if (wait.kind != WaitKind::kNothing) {
      path_.push_back(thread);
      std::vector<ThreadId> holders;
      holders_of_(thread, wait, holders);
      for (const ThreadId holder : holders) {
        if (from(holder)) return true;
      }
      path_.pop_back();
    }
    done_.push_back(thread);
    return false;
  }
  std::vector<ThreadId> circle() { return std::move(path_); }

 private:
  const Waiters& waiters_;
  const HoldersOf& holders_of_;
  std::vector<ThreadId> path_;
  std::vector<ThreadId> done_;
};

}  // namespace

std::vector<ThreadId> find_circle(const Waiters& waiters, const HoldersOf& holders_of) {
  Search search(waiters, holders_of);
  bool found = false;
  waiters.for_each([&](ThreadId thread, const Wait&) { found = found || search.from(thread); });
  return found ? search.circle() : std::vector<ThreadId>{};
}

std::string shape_of(std::vector<std::string> parts) {
  std::sort(parts.begin(), parts.end());
  parts.erase(std::unique(parts.begin(), parts.end()), parts.end());
  std::string shape;
  for (const std::string& part : parts) shape += (shape.empty() ? "" : ", ") + part;
  return shape;
}

}  // namespace reweave::sync
