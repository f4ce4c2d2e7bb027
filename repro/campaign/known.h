// The signatures that repros in files and folders state: what a hunt masks, what triage knows.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "repro/campaign/repro_facts.h"

namespace reweave::repro {

/// What is in a folder, or one file.
struct FoundRepros {
  std::vector<ReproFacts> repros{};     // In order of their paths, which are their names here.
  std::vector<std::string> troubles{};  // What could not be read, a sentence each.

  std::set<std::string> signatures() const;
};

/// Each file is opened once. A folder that does not exist holds nothing; a file that does not is a
/// trouble. A file that goes away meanwhile, because a better one came, is none.
FoundRepros find_repros(const std::string& file_or_folder);
FoundRepros find_repros(const std::vector<std::string>& files_and_folders);

}  // namespace reweave::repro
