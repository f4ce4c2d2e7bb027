#include "repro/report/lingering_report.h"

#include <gtest/gtest.h>

namespace reweave::repro {
namespace {

using runtime::LingeringMoment;
using runtime::ObjectKind;

LingeringMoment two_knots() {
  LingeringMoment moment{.step = 7};
  // A record hangs on a knot of two cycles; another cell holds itself.
  moment.nodes = {{ObjectKind::kCell, 1, {1, 2}},
                  {ObjectKind::kFunction, 2, {2}},
                  {ObjectKind::kTuple, 3, {0}},
                  {ObjectKind::kRecord, 4, {}},
                  {ObjectKind::kCell, 5, {4, 3}}};
  return moment;
}

TEST(Lingering, DrawsTheShortestCycleOfEachKnot) {
  EXPECT_EQ(lingering_text({draw(two_knots())}),
            "lingering until the collection in step 7:\n"
            "  cell 1 -> tuple 3 -> cell 1\n"
            "  cell 5 -> cell 5\n"
            "  and what these keep: function 2, record 4\n");
}

TEST(Lingering, SaysWhenTheProgramHadEnded) {
  LingeringMoment moment{.step = 7, .at_end = true};
  moment.nodes = {{ObjectKind::kTasklet, 2, {0}}};
  EXPECT_EQ(lingering_text({draw(moment)}),
            "lingering when the program had ended:\n  tasklet 2 -> tasklet 2\n");
  EXPECT_EQ(lingering_text({}), "nothing lingers\n");
}

}  // namespace
}  // namespace reweave::repro
