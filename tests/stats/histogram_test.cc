#include "maskbench/stats/histogram.h"

#include <limits>

#include <gtest/gtest.h>

namespace maskbench {
namespace {

TEST(Histogram, EdgesAreTheNumbersTheyAreCalled) {
  const std::vector<double> edges = BinEdges(70, 50);
  ASSERT_EQ(edges.size(), 71U);
  EXPECT_EQ(edges[0], 0);
  EXPECT_EQ(edges[3], 0.06);
  EXPECT_EQ(edges[29], 0.58);  // 29 · 0.02 is another number.
  EXPECT_EQ(edges[70], 1.4);
}

TEST(Histogram, ABinHoldsItsLowerEdgeOnly) {
  const BinCounts bins = CountInBins({0, 0.5, 0.999, 1, 2, 2.5, 3}, {0, 1, 2, 3});
  EXPECT_EQ(bins.counts, (std::vector<int64_t>{3, 1, 2}));
  EXPECT_EQ(bins.above, 1);
}

TEST(Histogram, NothingIsLost) {
  const double far = std::numeric_limits<double>::infinity();
  const BinCounts bins = CountInBins({-1e-16, 7, far, 0.3}, {0, 0.25, 0.5});
  EXPECT_EQ(bins.counts, (std::vector<int64_t>{1, 1}));
  EXPECT_EQ(bins.above, 2);
  EXPECT_EQ(CountInBins({}, {0, 1}).counts, std::vector<int64_t>{0});
}

}  // namespace
}  // namespace maskbench
