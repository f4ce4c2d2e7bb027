// An explanation for a terminal, for a pull request, and for programs.
#pragma once

#include <string>

#include "repro/explain/explanation.h"
#include "repro/report/terminal.h"

namespace reweave::repro {

/// At most 100 columns wide. `program` is how it is called, for commands that it proposes.
std::string explanation_text(const Explanation& told, const Terminal& terminal,
                             std::string_view program);
/// Markdown of GitHub's sort, with a sequence diagram by mermaid.
std::string explanation_markdown(const Explanation& told, std::string_view program);
/// One object on one line; "schema" 1, as all reports.
std::string explanation_json(const Explanation& told);

/// The diagram alone: "sequenceDiagram …".
std::string mermaid_text(const Explanation& told);

}  // namespace reweave::repro
