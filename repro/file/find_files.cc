#include "repro/file/find_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "repro/file/weave_file.h"

namespace reweave::repro {
namespace {

namespace fs = std::filesystem;

/// Paths of the system are at most 4096 bytes long, so no folder is deeper.
constexpr int kDepthMax = 2048;

void look_into(const fs::path& folder, int depth, FoundFiles& found) {
  std::error_code error;
  std::vector<fs::path> below;
  for (fs::directory_iterator entry(folder, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    std::error_code ignored;
    if (entry->symlink_status(ignored).type() == fs::file_type::directory) {
      below.push_back(entry->path());
    } else if (entry->path().extension() == WeaveFile::kExtension) {
      found.files.push_back(entry->path().string());
    }
  }
  if (!error && depth == kDepthMax) error = std::make_error_code(std::errc::filename_too_long);
  if (error) {
    const std::string name = folder.string();
    found.troubles.push_back({name, fmt::format("{}: cannot be read: {}", name, error.message())});
    return;
  }
  for (const fs::path& next : below) look_into(next, depth + 1, found);
}

}  // namespace

FoundFiles find_weave_files(const std::string& folder) {
  FoundFiles found;
  look_into(folder, 0, found);
  std::sort(found.files.begin(), found.files.end());
  std::sort(found.troubles.begin(), found.troubles.end(),
            [](const auto& a, const auto& b) { return a.folder < b.folder; });
  return found;
}

}  // namespace reweave::repro
