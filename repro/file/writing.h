// The one writer of files: whatever a command writes goes through here.
//
// A plain file appears whole or not at all, whoever is killed when: it is written without a name
// (O_TMPFILE) and gets its name when it is complete; where that is not possible, under a name that
// nobody can guess. It keeps the mode and the owner that it had, and a file with several names, or
// whose owner cannot be kept, is written in place, with what it held put back if that fails.
// Symbolic links are followed, as the kernel follows them, and stay. What is no plain file (a
// device, a pipe) is written into, and never replaced. A file that is write-protected is refused.
//
// What a writer that was killed left behind is removed by the next one in that folder: temporary
// files are locked as long as their writer lives.
#pragma once

#include <string>
#include <string_view>

#include "scheduler/base/expected.h"

namespace reweave::repro {

/// Writes `content` into the file of that name, whose folder must exist.
Status write_file(const std::string& path, std::string_view content);

/// Could it be written now? Tries it, as far as that can be done without touching the file: for
/// commands that write only after hours.
Status try_to_write_file(const std::string& path);

/// The same for a file with a new name in `folder`; where that is not there yet, in the next folder
/// above that is.
Status try_to_write_folder(const std::string& folder);

}  // namespace reweave::repro
