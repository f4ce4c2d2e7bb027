// The repros in a folder, and what of it could not be looked at.
#pragma once

#include <string>
#include <vector>

#include "scheduler/base/expected.h"

namespace reweave::repro {

struct FoundFiles {
  std::vector<std::string> files{};  // In order of their names.
  /// A folder that could not be read: what it holds is unknown, which is not the same as nothing.
  struct Trouble {
    std::string folder;
    std::string message;  // "FOLDER: cannot be read: …"
  };
  std::vector<Trouble> troubles{};
};

/// Every `.weave` below `folder`, at any depth; links to folders are not followed.
FoundFiles find_weave_files(const std::string& folder);

}  // namespace reweave::repro
