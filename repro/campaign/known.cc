#include "repro/campaign/known.h"

#include <filesystem>
#include <utility>

#include "repro/file/find_files.h"
#include "repro/file/weave_file.h"
#include "repro/file/workdir.h"

namespace reweave::repro {
namespace {

namespace fs = std::filesystem;

void add_file(const std::string& path, bool may_be_gone, FoundRepros& found) {
  const Expected<std::string> text = read_file(path);
  std::error_code error;
  if (!text && may_be_gone && !fs::exists(path, error)) return;
  const Expected<ReproFacts> facts =
      text ? facts_of(*text, path) : Expected<ReproFacts>(text.error());
  if (facts) {
    found.repros.push_back(*facts);
  } else {
    found.troubles.push_back(facts.error().message);
  }
}

}  // namespace

std::set<std::string> FoundRepros::signatures() const {
  std::set<std::string> all;
  for (const ReproFacts& facts : repros)
    all.insert(facts.signatures.begin(), facts.signatures.end());
  return all;
}

FoundRepros find_repros(const std::string& file_or_folder) {
  FoundRepros found;
  std::error_code error;
  const bool is_file = fs::path(file_or_folder).extension() == WeaveFile::kExtension;
  if (!fs::is_directory(file_or_folder, error)) {
    if (is_file || fs::exists(file_or_folder, error)) add_file(file_or_folder, false, found);
    return found;
  }
  const FoundFiles files = find_weave_files(file_or_folder);
  for (const std::string& path : files.files) add_file(path, true, found);
  for (const FoundFiles::Trouble& trouble : files.troubles)
    found.troubles.push_back(trouble.message);
  return found;
}

FoundRepros find_repros(const std::vector<std::string>& files_and_folders) {
  FoundRepros all;
  for (const std::string& name : files_and_folders) {
    FoundRepros found = find_repros(name);
    all.repros.insert(all.repros.end(), found.repros.begin(), found.repros.end());
    all.troubles.insert(all.troubles.end(), found.troubles.begin(), found.troubles.end());
  }
  return all;
}

}  // namespace reweave::repro
