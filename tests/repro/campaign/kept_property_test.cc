// Which repros are kept does not depend on the order in which folders are merged.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>

#include "repro/campaign/repro_facts.h"

namespace reweave::repro {
namespace {

std::vector<ReproFacts> any_repros() {
  // As on disk the name is that of the content: two with one name are the same.
  const auto repro = rc::gen::map(
      rc::gen::tuple(
          rc::gen::resize(3, rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 4))),
          rc::gen::inRange<std::uint64_t>(0, 3), rc::gen::inRange<std::uint64_t>(1, 3)),
      [](const auto& parts) {
        ReproFacts made{.answers = std::get<1>(parts), .bytes = std::get<2>(parts)};
        for (const int number : std::get<0>(parts)) {
          const std::string signature(1, static_cast<char>('a' + number));
          if (!made.shows(signature)) made.signatures.push_back(signature);
        }
        for (const std::string& word : made.signatures) made.name += word;
        made.name += std::to_string(made.answers) + "-" + std::to_string(made.bytes);
        return made;
      });
  return *rc::gen::resize(8, rc::gen::container<std::vector<ReproFacts>>(repro));
}

std::vector<ReproFacts> joined(std::vector<ReproFacts> a, const std::vector<ReproFacts>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

TEST(Kept, IsTheSameInWhateverOrderFoldersAreMerged) {
  const bool holds = rc::check("merging is idempotent, commutative and associative", [] {
    const auto a = any_repros(), b = any_repros(), c = any_repros();
    RC_ASSERT(kept(joined(a, b)) == kept(joined(b, a)));
    RC_ASSERT(kept(kept(a)) == kept(a));
    RC_ASSERT(kept(joined(kept(a), a)) == kept(a));
    RC_ASSERT(kept(joined(kept(joined(a, b)), c)) == kept(joined(a, kept(joined(b, c)))));
  });
  EXPECT_TRUE(holds);
}

TEST(Kept, LosesNoSignature) {
  const bool holds = rc::check("every signature is still shown", [] {
    const auto repros = any_repros();
    const auto left = kept(repros);
    for (const ReproFacts& repro : repros) {
      for (const std::string& signature : repro.signatures) {
        RC_ASSERT(std::any_of(left.begin(), left.end(), [&](const ReproFacts& other) {
          return other.shows(signature) && !is_better(repro, other, signature);
        }));
      }
    }
    RC_ASSERT(left.size() <= 4u);
  });
  EXPECT_TRUE(holds);
}

}  // namespace
}  // namespace reweave::repro
