// What the table of operations says, for people: on a terminal and as a page.
#pragma once

#include <string>

namespace reweave::runtime {

/// What `reweave help operations` prints: a line for each operation, then what the arguments mean.
/// At most 100 columns, with a newline at the end.
std::string operations_help();

/// The page runtime/language/doc/operations.md. A test compares the two, and renews the page:
///   REWEAVE_UPDATE_GOLDEN=1 ctest --preset release -R HelpPage
std::string operations_page();

}  // namespace reweave::runtime
