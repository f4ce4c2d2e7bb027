// Boost.Lockfree's stack, unmodified: two producers and a consumer.
// clean
// options: no-races
#include <boost/lockfree/stack.hpp>

#include "checked_use.h"

int main() {
  boost::lockfree::stack<int> stack(4);
  use_queue([&](int value) { return stack.push(value); },
            [&](int& value) { return stack.pop(value); },
            /*in_order=*/false);
}
