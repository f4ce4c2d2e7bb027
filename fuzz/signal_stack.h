// A stack of its own for the signal handlers of an engine.
//
// libFuzzer looks at the clock in a handler of SIGALRM, once a second. It would run on the stack
// that is just being sliced, where for a moment AddressSanitizer's shadow is still that of the
// tasklet that left: a false "stack-buffer-overflow", or a CHECK in AddressSanitizer itself.
#pragma once

namespace reweave::fuzz {

/// From now on the handlers that there are for signals that may come at any time run on another
/// stack than the one that they interrupt. Of this thread; handlers that are installed later are
/// not affected. Does nothing where there is no handler, as without an engine. Cost: some system
/// calls.
void move_signal_handlers();

}  // namespace reweave::fuzz
