#include "repro/file/workdir.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "repro/run/process.h"

#define XXH_INLINE_ALL
#include <fmt/format.h>
#include <xxhash.h>

namespace reweave::repro {
namespace {

std::string& program() {
  static std::string name = "reweave";
  return name;
}

std::optional<std::string>& standard_input() {
  static std::optional<std::string> content;
  return content;
}

std::string reason(int error) { return std::strerror(error); }

}  // namespace

Expected<std::string> read_file(const std::string& path, std::size_t bytes_max) {
  const bool is_input = is_standard_input(path);
  if (is_input && standard_input()) return *standard_input();
  const int fd = is_input ? dup(0) : open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return Error{fmt::format("{}: cannot be read: {}", path, reason(errno))};
  struct stat about {};
  if (!is_input && (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode))) {
    close(fd);
    return Error{
        fmt::format("{}: is not a plain file; name a file, or - for standard input", path)};
  }
  std::string content;
  std::array<char, 1 << 16> buffer;
  ssize_t count = 0;
  while (content.size() <= bytes_max) {
    count = read(fd, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    content.append(buffer.data(), static_cast<std::size_t>(count));
  }
  const int error = errno;
  close(fd);
  if (count < 0) return Error{fmt::format("{}: cannot be read: {}", path, reason(error))};
  if (content.size() > bytes_max) {
    return Error{
        fmt::format("{}: has more than the {} bytes that such a file may have", path, bytes_max)};
  }
  if (is_input) standard_input() = content;
  return content;
}

bool is_standard_input(std::string_view path) {
  return path == "-" || path == "/dev/stdin" || path == "/dev/fd/0" || path == "/proc/self/fd/0";
}
const std::optional<std::string>& read_standard_input() { return standard_input(); }
void set_standard_input(std::string content) { standard_input() = std::move(content); }

std::string content_name(std::string_view content) {
  return fmt::format("{:016x}", XXH3_64bits(content.data(), content.size()));
}

std::string Workdir::repro_path(std::string_view kind, std::string_view content) const {
  return (std::filesystem::path(root_) / fmt::format("{}-{}.weave", kind, content_name(content)))
      .string();
}

Expected<std::string> Workdir::write_repro(const WeaveFile& file, FindingKind finding) const {
  const std::string_view kind = file.kind().name();
  std::string word = finding_kind_name(finding);
  if (kind != WeaveFile::kDefaultKind) word = fmt::format("{}-{}", kind, word);
  return write(repro_path(word, write_weave(file)), write_with_comments(file));
}

Expected<std::string> Workdir::write_repro(std::string_view kind, std::string_view content) const {
  return write(repro_path(kind, content), content);
}

Expected<std::string> Workdir::write_named(std::string_view name, std::string_view content) const {
  return write((std::filesystem::path(root_) / fmt::format("{}.weave", name)).string(), content);
}

Expected<std::string> Workdir::write(std::string path, std::string_view content) const {
  std::error_code error;
  std::filesystem::create_directories(root_, error);
  if (error) {
    return Error{fmt::format("{}: this folder cannot be made: {}; name another one by --output",
                             root_, error.message())};
  }
  if (Status status = write_file(path, content); !status) return status.error();
  return path;
}

void set_own_program(std::string_view argv0) { program() = argv0; }

std::string own_program() { return program(); }

std::string tool_name() { return std::filesystem::path(program()).filename().string(); }

std::string neighbour_program(std::string_view name) {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return "";
  const std::string path = (self.parent_path() / name).string();
  return access(path.c_str(), X_OK) == 0 ? path : "";
}

}  // namespace reweave::repro
