#include "runtime/program/program_body.h"

#include "runtime/program/control.h"
#include "runtime/program/sites.h"

namespace reweave::program {

void BodySubject::run(Execution& execution) { control().run(execution, body_, argument_); }

std::string BodySubject::site_name(SiteId site) const {
  return sites().name(static_cast<std::uint32_t>(site));
}

std::optional<SiteId> BodySubject::find_site(std::string_view name) const {
  const std::optional<std::uint32_t> site = sites().find(name);
  return site ? std::optional(SiteId{*site}) : std::nullopt;
}

std::string BodySubject::describe(const Event&) const { return ""; }

std::vector<std::string> BodySubject::escapes() const {
  std::vector<std::string> escapes = control().escapes();
  if (!globals.instrumented) {
    escapes.push_back(
        "accesses to memory: nothing here was compiled by reweave-c++ or reweave-cc, so that only "
        "calls of the thread library were tried");
  }
  return escapes;
}

}  // namespace reweave::program
