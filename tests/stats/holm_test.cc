#include "maskbench/stats/holm.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>

#include "maskbench/core/error.h"

namespace maskbench {
namespace {

using testing::DoubleEq;
using testing::ElementsAre;

TEST(HolmAdjust, ByHand) {
  // 4 · 0.005, 3 · 0.01, 2 · 0.03, and 0.04 raised to what came before.
  EXPECT_THAT(HolmAdjust({0.01, 0.04, 0.03, 0.005}),
              ElementsAre(DoubleEq(0.03), DoubleEq(0.06), DoubleEq(0.06), DoubleEq(0.02)));
  EXPECT_THAT(HolmAdjust({0.6, 0.7}), ElementsAre(1, 1));
  EXPECT_TRUE(HolmAdjust({}).empty());
}

TEST(HolmAdjust, TestsThatWereNotMadeDoNotCount) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> adjusted = HolmAdjust({0.02, nan, 0.01});
  EXPECT_DOUBLE_EQ(adjusted[0], 0.02);
  EXPECT_TRUE(std::isnan(adjusted[1]));
  EXPECT_DOUBLE_EQ(adjusted[2], 0.02);
  EXPECT_THROW(HolmAdjust({1.2}), UsageError);
}

}  // namespace
}  // namespace maskbench
