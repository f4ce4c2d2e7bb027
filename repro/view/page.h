// The page of `reweave view`: one HTML file that needs nothing else, made of page.html, page.css
// and page.js, which the tool carries, and of what happened, as JSON.
#pragma once

#include <string>

#include "repro/explain/explanation.h"
#include "repro/view/recorded_steps.h"

namespace reweave::repro {

struct PageRun {
  std::string label{};            // "failing"
  std::uint64_t same_before = 0;  // In all steps before this one it does what the first run does.
  Recording recording{};
  std::optional<Finding> finding{};
};

/// `runs`: one, or two that are compared. `told` may be without a finding.
std::string view_page(const Explanation& told, const std::vector<PageRun>& runs);

/// The data alone, as the page holds it: one object.
std::string view_data(const Explanation& told, const std::vector<PageRun>& runs);

/// The files that the page is made of, which the tool carries.
struct PageFiles {
  std::string_view html, css, js;
};
PageFiles page_files();

}  // namespace reweave::repro
