// Names for the sites of a subject that has no better ones than their numbers: "site.0", "site.1",
// …
//
// Such names survive the subject's reductions only as far as its numbers do.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "scheduler/question.h"

namespace reweave {

/// For Subject::site_name().
std::string numbered_site_name(SiteId site);

/// For Subject::find_site(), where there are `count` sites: the one of that name, if there is one.
std::optional<SiteId> find_numbered_site(std::string_view name, std::uint32_t count);

}  // namespace reweave
