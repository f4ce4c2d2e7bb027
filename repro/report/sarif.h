// SARIF 2.1.0 (OASIS, 2020), which code hosts and editors show at the line: a rule for each kind of
// finding, a result for each finding, its first place as the location and the others as related
// ones, its signature as the fingerprint by which it is recognized after edits.
#pragma once

#include <string>

#include "repro/report/report.h"

namespace reweave::repro {

std::string sarif_text(const Report& report);
std::string sarif_text(const CheckReport& report);

/// What a kind of finding means, in one sentence without a full stop; for `help findings`, too.
std::string_view finding_help(FindingKind kind);

}  // namespace reweave::repro
