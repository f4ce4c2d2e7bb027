// The text form of a scenario: what people write, read in reviews, and find in every `.weave` file.
//
//   channel data                 # declarations come first; everything after # is a comment
//   slot sender
//
//   function main                # the first function is run by the main tasklet
//     pref data 1
//     spawn receiver -           # a function may be used before it is defined
//     spawn sender sender
//     weakref sender callback
//     drop sender
//     runall
//   end
//
//   function callback
//     try                        # a block: its body ends with `end`
//       7: hcall nested          # an explicit label; the next operation has label 8
//     end
//   end
//
// Behind a function's name may stand what it expects, for the oracles: `daemon` (whoever waits for
// ever in a call of it does so on purpose, as a server that has nothing to do) and `raises` (an
// exception may end the tasklet, thread or program that runs it).
//
// Locks have numbers; `lock door` and `condition changed door`, as declarations, give the first of
// them names. `expect opened before closed` is a declaration, too: that `closed` is emitted and
// `opened` was not is a finding. An `if` may have an `else`, alone on its line.
//
// One declaration or operation a line; `reweave help operations` lists them. Indentation is for the
// eye. Labels count from 1 in each function; one is written only where it is not the label before
// plus one, so that operations keep their names when others are deleted. `emit` words need no
// declaration; `word NAME` is written only for a scenario whose words are not exactly those
// emitted, in order of their first use.
//
// Guarantee: reading what was written gives an equal scenario, for every linked one; and writing
// what was read gives the canonical form, whose canonical form is itself.
#pragma once

#include <string>
#include <string_view>

#include "runtime/language/scenario.h"
#include "scheduler/base/expected.h"
#include "scheduler/base/line_reader.h"

namespace reweave::runtime {

/// Reads lines up to the first one, outside of a function, whose first word is none of its own;
/// that line is put back, so that a reader of repros can continue there. The result is linked. An
/// error says file, line, what was found and what to do; the reader is then somewhere in the
/// middle.
Expected<Scenario> read_scenario(LineReader& reader);

/// A text that is a scenario and nothing else (no `weave 1` line either). `name` is the file's, for
/// errors.
Expected<Scenario> parse_scenario(std::string_view text, std::string_view name);

/// The canonical text of a linked scenario, with a newline at the end of each line.
std::string write_scenario(const Scenario& scenario);

/// One operation without its label: "spawn receiver -". An index without a name, which a linked
/// scenario does not have, is written as its number: "send #9".
std::string op_text(const Scenario& scenario, const Op& op);

}  // namespace reweave::runtime
