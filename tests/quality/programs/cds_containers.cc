// The containers of libcds, unmodified, one of them if its name is said.
// clean
// options: no-races
#include <cds/container/basket_queue.h>
#include <cds/container/lazy_list_hp.h>
#include <cds/container/michael_list_hp.h>
#include <cds/container/moir_queue.h>
#include <cds/container/mspriority_queue.h>
#include <cds/container/msqueue.h>
#include <cds/container/optimistic_queue.h>
#include <cds/container/rwqueue.h>
#include <cds/container/segmented_queue.h>
#include <cds/container/skip_list_set_hp.h>
#include <cds/container/treiber_stack.h>
#include <cds/container/vyukov_mpmc_cycle_queue.h>
#include <cds/gc/hp.h>
#include <cds/init.h>

#include <cstring>

#include "checked_use.h"

namespace {

using Hp = cds::gc::HP;

void attach() { cds::threading::Manager::attachThread(); }
void detach() { cds::threading::Manager::detachThread(); }

template <typename Queue>
void use(Queue& queue, bool in_order) {
  use_queue([&](int value) { return queue.push(value); },
            [&](int& value) { return queue.pop(value); }, in_order, attach, detach);
}

template <typename Queue, bool kInOrder = true>
void plain() {
  Queue queue;
  use(queue, kInOrder);
}

void vyukov() {
  cds::container::VyukovMPMCCycleQueue<int> queue(4);
  use(queue, true);
}

void priority() {
  cds::container::MSPriorityQueue<int> queue(8);
  use(queue, false);
}

void segmented() {
  cds::container::SegmentedQueue<Hp, int> queue(4);
  use(queue, false);
}

template <typename Set>
void set() {
  Set set;
  use_set([&](int key) { return set.insert(key); }, [&](int key) { return set.erase(key); },
          [&](int key) { return set.contains(key); }, attach, detach);
}

struct ListTraits : cds::container::michael_list::traits {
  using less = std::less<int>;
};
struct LazyTraits : cds::container::lazy_list::traits {
  using less = std::less<int>;
};
struct SkipTraits : cds::container::skip_list::traits {
  using less = std::less<int>;
};

struct Use {
  const char* name;
  void (*run)();
};
constexpr Use kUses[] = {{"msqueue", plain<cds::container::MSQueue<Hp, int>>},
                         {"moir", plain<cds::container::MoirQueue<Hp, int>>},
                         {"basket", plain<cds::container::BasketQueue<Hp, int>>},
                         {"optimistic", plain<cds::container::OptimisticQueue<Hp, int>>},
                         {"two_locks", plain<cds::container::RWQueue<int>>},
                         {"treiber", plain<cds::container::TreiberStack<Hp, int>, false>},
                         {"vyukov", vyukov},
                         {"priority", priority},
                         {"segmented", segmented},
                         {"michael_list", set<cds::container::MichaelList<Hp, int, ListTraits>>},
                         {"lazy_list", set<cds::container::LazyList<Hp, int, LazyTraits>>},
                         {"skip_list", set<cds::container::SkipListSet<Hp, int, SkipTraits>>}};

}  // namespace

int main(int argc, char** argv) {
  cds::Initialize();
  {
    Hp hazards(80);  // As many as the skip list wants.
    attach();
    for (const Use& use : kUses) {
      if (argc < 2 || std::strcmp(use.name, argv[1]) == 0) use.run();
    }
    detach();
  }
  cds::Terminate();
}
