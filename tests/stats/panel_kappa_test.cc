#include "maskbench/stats/panel_kappa.h"

#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

#include "maskbench/core/error.h"

namespace maskbench {
namespace {

TEST(PanelKappa, IsTheMeanOfTheReaders) {
  std::vector<PanelReading> readings;
  for (int patient = 0; patient < 40; ++patient)
    for (int reader = 0; reader < 3; ++reader) {
      const int first = patient % 2;
      // Reader 12 errs in every fifth patient, reader 10 never, reader 11 in all.
      const bool wrong = reader == 1 || (reader == 2 && patient % 5 == 0);
      readings.push_back({10 + reader, patient, first, wrong ? 1 - first : first});
    }
  const PanelKappa panel =
      PanelKappaOf(readings, 2, KappaWeighting::kNone, 500, NamedRandom(1, "panel", "bootstrap"));
  ASSERT_EQ(panel.readers.size(), 3u);
  EXPECT_DOUBLE_EQ(panel.readers[0], 1);
  EXPECT_DOUBLE_EQ(panel.readers[1], -1);
  EXPECT_NEAR(panel.readers[2], 0.6, 1e-12);
  EXPECT_NEAR(panel.mean.value, 0.2, 1e-12);
  EXPECT_EQ(panel.undefined, 0);
  // Three readers this different: most of the uncertainty is theirs.
  EXPECT_LT(panel.mean.interval.low, -0.4);
  EXPECT_GT(panel.mean.interval.high, 0.8);
}

TEST(PanelKappa, LeavesOutReadersWithOneCategoryAndSaysSo) {
  const PanelKappa panel = PanelKappaOf(
      {{0, 0, 1, 1}, {0, 1, 0, 0}, {0, 2, 1, 0}, {1, 0, 1, 1}, {1, 1, 1, 1}, {1, 2, 1, 1}}, 2,
      KappaWeighting::kNone, 100, NamedRandom(1, "panel", "bootstrap"));
  EXPECT_EQ(panel.undefined, 1);
  EXPECT_TRUE(std::isnan(panel.readers[1]));
  EXPECT_DOUBLE_EQ(panel.mean.value, panel.readers[0]);
  EXPECT_NEAR(panel.mean.value, 0.4, 1e-12);  // (2/3 − 4/9) / (5/9).
}

TEST(PanelKappa, SaysWhatCannotBeGiven) {
  const NamedRandom random(1, "panel", "bootstrap");
  const auto status = [&](const std::vector<PanelReading>& readings) {
    return PanelKappaOf(readings, 2, KappaWeighting::kNone, 100, random).mean.status;
  };
  EXPECT_EQ(status({}), EstimateStatus::kNoData);
  EXPECT_EQ(status({{0, 0, 1, 1}, {1, 0, 1, 1}}), EstimateStatus::kOneCategory);
  EXPECT_EQ(status({{0, 0, 1, 1}, {0, 1, 0, 0}}), EstimateStatus::kTooFewClusters);
  EXPECT_THROW(status({{0, 0, 1, 2}}), UsageError);
}

TEST(PanelBootstrap, OfACrossedMeanHasBothVariances) {
  // Values reader + patient: the variance of the grand mean is that of either mean, added up.
  const std::vector<double> readers = {0, 1, 2, 5}, patients = {0, 0, 3, 1, 4, 1, 9, 2};
  const auto mean = [](const std::vector<double>& values, const std::vector<double>& weights) {
    return std::inner_product(values.begin(), values.end(), weights.begin(), 0.0) /
           static_cast<double>(values.size());
  };
  const auto variance = [&](const std::vector<double>& values) {
    const double centre = mean(values, std::vector<double>(values.size(), 1.0));
    double sum = 0;
    for (const double value : values) sum += (value - centre) * (value - centre);
    return sum / static_cast<double>(values.size() * values.size());
  };
  const IntervalEstimate estimate = PanelBootstrap(
      4, 8, 20000, NamedRandom(2, "crossed", "bootstrap"),
      [&](const std::vector<double>& reader_weights, const std::vector<double>& patient_weights) {
        return mean(readers, reader_weights) + mean(patients, patient_weights);
      });
  const double expected = std::sqrt(variance(readers) + variance(patients));
  EXPECT_NEAR(estimate.standard_error, expected, 0.02 * expected);
}

}  // namespace
}  // namespace maskbench
