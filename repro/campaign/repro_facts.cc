#include "repro/campaign/repro_facts.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "scheduler/base/line_reader.h"

namespace reweave::repro {
namespace {

std::string signature_of(const std::vector<std::string_view>& words) {
  std::string signature;
  for (std::size_t i = 4; i < words.size(); ++i) {
    if (i > 4) signature += ' ';
    signature += words[i];
  }
  return signature;
}

}  // namespace

bool ReproFacts::shows(std::string_view signature) const {
  return std::find(signatures.begin(), signatures.end(), signature) != signatures.end();
}

Expected<ReproFacts> facts_of(std::string_view text, std::string_view name) {
  LineReader lines(text, name);
  if (!lines.status()) return lines.status().error();
  if (!lines.next() || lines.words().size() != 2 || lines.words()[0] != "weave")
    return Error{std::string(name) + ": is no .weave file: its first line is not \"weave 1\""};
  ReproFacts facts{.name = std::string(name), .bytes = text.size()};
  std::string_view section;  // "schedule", "verdict", or "": elsewhere.
  while (lines.next()) {
    const std::vector<std::string_view>& words = lines.words();
    if (words.size() == 1 && (words[0] == "schedule" || words[0] == "verdict")) {
      section = words[0] == "verdict" ? "verdict" : "schedule";
    } else if (words.size() == 1 && words[0] == "end") {
      section = "";
    } else if (section == "schedule") {
      ++facts.answers;
    } else if (section == "verdict" && words.size() >= 5 && words[0] == "finding") {
      std::string signature = signature_of(words);
      if (!facts.shows(signature)) facts.signatures.push_back(std::move(signature));
    }
  }
  return facts;
}

bool is_better(const ReproFacts& a, const ReproFacts& b, std::string_view signature) {
  const auto rank = [&](const ReproFacts& facts) {
    const bool comes_later = facts.signatures.empty() || facts.signatures.front() != signature;
    return std::tuple(comes_later, facts.answers, facts.bytes, std::string_view(facts.name));
  };
  return rank(a) < rank(b);
}

std::vector<ReproFacts> kept(const std::vector<ReproFacts>& repros) {
  std::map<std::string_view, const ReproFacts*> best;
  for (const ReproFacts& repro : repros) {
    for (const std::string& signature : repro.signatures) {
      const ReproFacts*& so_far = best[signature];
      if (so_far == nullptr || is_better(repro, *so_far, signature)) so_far = &repro;
    }
  }
  std::map<std::string_view, const ReproFacts*> by_name;
  for (const auto& [signature, repro] : best) by_name[repro->name] = repro;
  std::vector<ReproFacts> result;
  for (const auto& [name, repro] : by_name) result.push_back(*repro);
  return result;
}

}  // namespace reweave::repro
