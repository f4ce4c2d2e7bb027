#include "repro/campaign/folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "repro/file/workdir.h"
#include "repro/file/writing.h"

namespace reweave::repro {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFolders[] = {"repros", "reports", "new", "unconfirmed", "shards"};
constexpr const char* kStateExtension = ".json";

Status move_file(const std::string& from, const std::string& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (!error) return ok();
  return Error{fmt::format("{}: cannot be moved to {}: {}", from, to, error.message())};
}

/// Another shard may have removed it before.
Status remove_file(const std::string& path) {
  std::error_code error;
  fs::remove(path, error);
  if (!error) return ok();
  return Error{fmt::format("{}: cannot be removed: {}", path, error.message())};
}

void add(const std::vector<std::string>& more, std::vector<std::string>& all) {
  all.insert(all.end(), more.begin(), more.end());
}

std::string file_name(const std::string& path) { return fs::path(path).filename().string(); }

}  // namespace

std::string canonical_name(const std::string& path, std::string_view content) {
  const std::string name = file_name(path);
  const std::string end = fmt::format("-{}.weave", content_name(content));
  if (name.size() > end.size() && name.ends_with(end)) return name;
  return "repro" + end;
}

std::string CampaignFolder::report_of(const std::string& repro) const {
  return fmt::format("{}/{}.txt", path("reports"), fs::path(repro).stem().string());
}

Status CampaignFolder::prepare() const {
  if (Status status = try_to_write_folder(root_); !status) {
    std::string message = status.error().message;
    const std::size_t hint = message.find("; name another folder");
    return Error{message.substr(0, hint) + "; a campaign needs a folder that it may write to"};
  }
  for (const char* const name : kFolders) {
    std::error_code error;
    fs::create_directories(path(name), error);
    if (error) return Error{fmt::format("{}: cannot be made: {}", path(name), error.message())};
    if (Status status = try_to_write_folder(path(name)); !status) return status;
  }
  return ok();
}

Status CampaignFolder::look() const {
  std::error_code error;
  if (fs::is_directory(path("shards"), error) && fs::is_directory(repros(), error)) return ok();
  return Error{fmt::format("{}: is not the folder of a campaign; `campaign run` makes one", root_)};
}

Status CampaignFolder::write_state(const ShardState& state) const {
  return write_file(path("shards") + "/" + state.name() + kStateExtension,
                    repro::write_state(state));
}

Expected<ShardState> CampaignFolder::read_state(const ShardState& fresh) const {
  const std::string file = path("shards") + "/" + fresh.name() + kStateExtension;
  std::error_code error;
  if (!fs::exists(file, error)) return fresh;
  const Expected<std::string> text = read_file(file, 64u << 20);
  if (!text) return text.error();
  return repro::read_state(*text, file);
}

CampaignFolder::States CampaignFolder::read_states() const {
  States found;
  std::vector<std::string> files;
  std::error_code error;
  for (fs::directory_iterator entry(path("shards"), error);
       !error && entry != fs::directory_iterator(); entry.increment(error)) {
    if (entry->path().extension() == kStateExtension) files.push_back(entry->path().string());
  }
  std::sort(files.begin(), files.end());
  for (const std::string& file : files) {
    const Expected<std::string> text = read_file(file, 64u << 20);
    const Expected<ShardState> state =
        text ? repro::read_state(*text, file) : Expected<ShardState>(text.error());
    if (state) {
      found.states.push_back(*state);
    } else {
      found.troubles.push_back(state.error().message);
    }
  }
  return found;
}

Status CampaignFolder::take(const std::string& path) const {
  if (Status status = move_file(path, repros() + "/" + file_name(path)); !status) return status;
  return prune();
}

Status CampaignFolder::set_aside(const std::string& path) const {
  return move_file(path, unconfirmed() + "/" + file_name(path));
}

Status CampaignFolder::prune() const {
  const std::vector<ReproFacts> all = find_repros().repros;
  std::set<std::string> needed;
  for (const ReproFacts& repro : kept(all)) needed.insert(repro.name);
  for (const ReproFacts& repro : all) {
    if (needed.count(repro.name) > 0 || repro.signatures.empty()) continue;
    if (Status status = remove_file(repro.name); !status) return status;
    if (Status status = remove_file(report_of(repro.name)); !status) return status;
  }
  return ok();
}

Status CampaignFolder::merge_states(const CampaignFolder& from, PassedOver& passed_over) const {
  const States found = from.read_states();
  add(found.troubles, passed_over.troubles);
  for (const ShardState& theirs : found.states) {
    ShardState fresh = theirs;
    fresh.units = 0;
    const Expected<ShardState> ours = read_state(fresh);
    if (!ours) return ours.error();
    if (!is_farther(theirs, *ours)) continue;
    if (Status status = write_state(theirs); !status) return status;
  }
  return ok();
}

Status CampaignFolder::merge_waiting(const CampaignFolder& from, PassedOver& passed_over) const {
  for (const char* const part : {"new", "unconfirmed"}) {
    const FoundRepros found = repro::find_repros(from.path(part));
    add(found.troubles, passed_over.troubles);
    for (const ReproFacts& repro : found.repros) {
      const Expected<std::string> text = read_file(repro.name);
      if (!text) continue;  // It has just been confirmed there, or refuted.
      const fs::path below = fs::path(repro.name).parent_path().lexically_relative(from.path(part));
      const fs::path folder = (fs::path(path(part)) / below).lexically_normal();
      std::error_code error;
      fs::create_directories(folder, error);
      if (error)
        return Error{fmt::format("{}: cannot be made: {}", folder.string(), error.message())};
      const std::string to = (folder / canonical_name(repro.name, *text)).string();
      if (Status status = write_file(to, *text); !status) return status;
    }
  }
  return ok();
}

Status CampaignFolder::merge_confirmed(const ReproFacts& repro, const CampaignFolder& from) const {
  const Expected<std::string> text = read_file(repro.name);
  if (!text) return ok();  // A better one has come meanwhile.
  const std::string to = repros() + "/" + canonical_name(repro.name, *text);
  if (Status status = write_file(to, *text); !status) return status;
  const Expected<std::string> report = read_file(from.report_of(repro.name));
  // They differ in how long it took: of two the same one is kept, whichever comes first.
  const Expected<std::string> ours = read_file(report_of(to));
  if (!report || (ours && *ours <= *report)) return ok();
  return write_file(report_of(to), *report);
}

Expected<CampaignFolder::PassedOver> CampaignFolder::merge(const std::string& from) const {
  PassedOver passed_over;
  const CampaignFolder other(from);
  const bool is_campaign = other.look().has_value();
  const FoundRepros found = repro::find_repros(is_campaign ? other.repros() : from);
  add(found.troubles, passed_over.troubles);
  for (const ReproFacts& repro : found.repros) {
    if (repro.signatures.empty()) {
      ++passed_over.without_finding;
    } else if (Status status = merge_confirmed(repro, other); !status) {
      return status.error();
    }
  }
  if (is_campaign) {
    if (Status status = merge_waiting(other, passed_over); !status) return status.error();
    if (Status status = merge_states(other, passed_over); !status) return status.error();
  }
  if (Status status = prune(); !status) return status.error();
  return passed_over;
}

ShardLock::~ShardLock() {
  if (fd_ >= 0) close(fd_);
}

Status ShardLock::take(const CampaignFolder& folder, const std::string& shard) {
  const std::string file = folder.root() + "/shards/" + shard + ".lock";
  fd_ = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (fd_ < 0) return Error{fmt::format("{}: cannot be made: {}", file, std::strerror(errno))};
  // Where there are no locks nobody can hold one.
  if (flock(fd_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return ok();
  return Error{fmt::format(
      "{}: another campaign does the same work here right now; to work beside it say another "
      "--seed or --shard",
      folder.root())};
}

}  // namespace reweave::repro
