#include "scheduler/numbered_sites.h"

#include "scheduler/base/line_reader.h"

namespace reweave {
namespace {

constexpr std::string_view kSite = "site.";

}  // namespace

std::string numbered_site_name(SiteId site) {
  return std::string(kSite) + std::to_string(static_cast<std::uint32_t>(site));
}

std::optional<SiteId> find_numbered_site(std::string_view name, std::uint32_t count) {
  std::int64_t number = 0;
  if (name.substr(0, kSite.size()) != kSite) return std::nullopt;
  if (!parse_number(name.substr(kSite.size()), 0, std::int64_t{count} - 1, number))
    return std::nullopt;
  return SiteId{static_cast<std::uint32_t>(number)};
}

}  // namespace reweave
