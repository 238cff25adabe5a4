#include "maskbench/clinical/blinks.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "synthetic_record.h"

namespace maskbench {
namespace {

TEST(Blinks, FindsEveryBlinkAndNothingElse) {
  for (const double rate : {60.0, 30.0, 25.0}) {
    int hits = 0, found = 0, real = 0;
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
      SyntheticRecord made(12, rate, 0.5, seed);
      NamedRandom random(seed, "blinks", "times");
      std::vector<double> starts;
      for (double t = 0.3 + random.Uniform(); t < 11.4; t += 0.6 + 3 * random.Uniform())
        starts.push_back(t);
      for (const double start : starts) made.Blink(start);
      const std::vector<Blink> blinks = DetectBlinks(made.record, {});
      found += static_cast<int>(blinks.size());
      real += static_cast<int>(starts.size());
      for (const double start : starts)
        for (const Blink& blink : blinks)
          if (static_cast<double>(blink.first_frame) / rate < start + 0.2 &&
              static_cast<double>(blink.last_frame) / rate > start)
            ++hits;
    }
    EXPECT_GE(hits, 0.97 * real) << rate;
    EXPECT_GE(hits, 0.97 * found) << rate;
  }
}

TEST(Blinks, CompleteOnesAreToldFromIncompleteOnes) {
  SyntheticRecord made(6, 60, 0.3, 1);
  made.Blink(1, 1);
  made.Blink(3, 0.7);
  made.Blink(5, 0.3);  // Less than half: none.
  const std::vector<Blink> blinks = DetectBlinks(made.record, {});
  ASSERT_EQ(blinks.size(), 2u);
  EXPECT_TRUE(blinks[0].complete);
  EXPECT_FALSE(blinks[1].complete);
  EXPECT_NEAR(blinks[1].closure, 0.7, 0.06);
  const MeasureValue share = Find(made.Measure(), "incomplete_blink_share");
  EXPECT_DOUBLE_EQ(share.value, 0.5);
  EXPECT_LT(share.low, 0.05);
  EXPECT_GT(share.high, 0.95);
}

// Lids of both eyes by a factor over time.
void Scale(SyntheticRecord* made, const std::function<double(double)>& factor) {
  for (size_t i = 0; i < made->size(); ++i)
    for (const Side side : kSides) made->eye(side).aperture_mm.values[i] *= factor(made->time(i));
}

TEST(Blinks, LidsThatFollowTheGazeAreNone) {
  SyntheticRecord made(6, 60, 0.5, 2);
  // Down within 0.6 s to 45 %, stays 0.2 s, jumps back.
  Scale(&made, [](double t) {
    if (t < 2 || t > 2.8) return 1.0;
    return 1 - 0.55 * std::min(1.0, (t - 2) / 0.6);
  });
  EXPECT_TRUE(DetectBlinks(made.record, {}).empty());
  made.Blink(4);
  EXPECT_EQ(DetectBlinks(made.record, {}).size(), 1u);
}

TEST(Blinks, VerticalNystagmusAndPtosisAreNone) {
  SyntheticRecord made(6, 60, 0.5, 3);
  Scale(&made, [](double t) { return 0.3 * (1 + 0.3 * std::sin(2 * 3.14159 * 3 * t)); });
  EXPECT_TRUE(DetectBlinks(made.record, {}).empty());
}

TEST(Blinks, LongClosureIsNone) {
  SyntheticRecord made(6, 60, 0.5, 4);
  Scale(&made, [](double t) { return t > 2 && t < 3.2 ? 0.05 : 1.0; });
  EXPECT_TRUE(DetectBlinks(made.record, {}).empty());
}

TEST(Blinks, CoversAreNoneAndHideNone) {
  SyntheticRecord made(8, 60, 0.5, 5);
  made.Blink(2.5);
  made.Hide(Side::kRight, 2, 3);
  made.Hide(Side::kLeft, 4, 5);
  const std::vector<Blink> blinks = DetectBlinks(made.record, {});
  ASSERT_EQ(blinks.size(), 1u);
  EXPECT_NEAR(static_cast<double>(blinks[0].first_frame) / 60, 2.5, 0.1);
}

TEST(Blinks, OneBehindAMovingCoverCountsOnce) {
  // The cover goes from the right eye to the left one while both are shut: the left eye is seen to
  // close, the right one to open.
  SyntheticRecord made(6, 60, 0.3, 17);
  made.Blink(2);
  made.Hide(Side::kRight, 1, 2.13);
  made.Hide(Side::kLeft, 2.12, 4);
  const std::vector<Blink> blinks = DetectBlinks(made.record, {});
  ASSERT_EQ(blinks.size(), 1u);
  EXPECT_NEAR(static_cast<double>(blinks[0].first_frame), 2.02 * 60, 3);
  EXPECT_NEAR(static_cast<double>(blinks[0].last_frame), 2.25 * 60, 4);
  EXPECT_TRUE(blinks[0].complete);
}

TEST(Blinks, ShutLidsWithoutAnOpeningCount) {
  SyntheticRecord made(4, 60, 0.5, 6);
  made.Blink(2);
  for (const Side side : kSides)
    for (size_t i = 0; i < made.size(); ++i)
      if (made.eye(side).shut[i] > 0.5) made.Forget(side, i);
  EXPECT_EQ(DetectBlinks(made.record, {}).size(), 1u);
}

TEST(Blinks, SeriesMarksThem) {
  SyntheticRecord made(4, 60, 0.5, 7);
  made.Blink(2);
  made.Hide(Side::kRight, 3, 3.5);
  made.Hide(Side::kLeft, 3, 3.5);
  const std::vector<double> series = BlinkingSeries(made.record, {});
  ASSERT_EQ(series.size(), 240u);
  EXPECT_EQ(series[60], 0);
  EXPECT_EQ(series[125], 1);
  EXPECT_TRUE(std::isnan(series[195]));
  const auto marked = std::count(series.begin(), series.end(), 1.0);
  EXPECT_GE(marked, 10);
  EXPECT_LE(marked, 20);
}

TEST(Blinks, RateHasThePoissonInterval) {
  SyntheticRecord made(60, 30, 0.5, 8);
  for (int k = 0; k < 10; ++k) made.Blink(3 + 5.5 * k);
  const MeasureValue rate = Find(made.Measure(), "blink_rate");
  EXPECT_NEAR(rate.value, 10, 0.1);
  // Garwood's interval for 10 events: 4.795 … 18.39.
  EXPECT_NEAR(rate.low, 4.795, 0.06);
  EXPECT_NEAR(rate.high, 18.39, 0.2);
}

}  // namespace
}  // namespace maskbench
