// Many pieces of work, any of which may crash, hang or be killed, without a process for each.
//
// A child of an isolator does one item after the other and notes what each one gave in shared
// memory. Where it dies, another child does the item that it was at once more; where that one dies,
// too, this is told, and a third one goes on behind it. One that hangs is ended: whoever works has
// to begin executions with the isolator's tape (Isolator::tape()), which shows that it is alive.
//
// What is done is done in order, and the results come in order. Cost: 4 MB, two forks for each item
// that dies, and one for each 4 MB of results.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "scheduler/search/isolate.h"

namespace reweave::repro {

class ItemsInChildren {
 public:
  /// In a child: does the item of that number, from 0, and says what it gave; nothing: there is no
  /// such item, all is done.
  using Work = std::function<std::optional<std::string>(std::size_t)>;
  /// Here: what an item gave, or else how its process died, the second time: something may have
  /// disturbed the first one.
  using Take = std::function<void(std::size_t, const std::string&, const Isolator::Death*)>;

  /// `isolator` must outlive it, and do nothing else meanwhile.
  explicit ItemsInChildren(Isolator& isolator);
  ~ItemsInChildren();
  ItemsInChildren(const ItemsInChildren&) = delete;
  ItemsInChildren& operator=(const ItemsInChildren&) = delete;

  /// False: it was told not to keep going (Isolator::set_keep_going()) before all was done.
  bool run(const Work& work, const Take& take);

  /// An item whose process died, and not when it was done once more.
  struct Disturbed {
    std::size_t item = 0;
    Isolator::Death death;
  };
  const std::vector<Disturbed>& disturbed() const { return disturbed_; }

 private:
  struct Notes;  // In shared memory.
  [[noreturn]] void work_on(std::size_t next, const Work& work);
  std::size_t take_notes(std::size_t next, const Take& take);

  Isolator& isolator_;
  std::vector<Disturbed> disturbed_;
  Notes* notes_;
};

}  // namespace reweave::repro
