// A campaign as one HTML page that needs neither network nor script: what was found, who found it,
// and curves of signatures and executions over the time of work, one for each shard.
//
// `campaign run` keeps it in the folder, at each line of progress; a browser reloads it by itself.
// Beyond what `campaign status` says it has the curves alone. Cost: the whole folder is read for
// each page.
#pragma once

#include <string>

#include "repro/campaign/campaign.h"

namespace reweave::repro {

/// `reload_s`: a browser loads it again after so many seconds; 0: never.
std::string status_page(const CampaignFolder& folder, const CampaignStatus& status, int reload_s);

}  // namespace reweave::repro
