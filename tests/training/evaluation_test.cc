#include "experiments/training/eye_network/evaluation.h"

#include <cmath>

#include <gtest/gtest.h>

#include "maskbench/nn/eye_network.h"
#include "maskbench/nn/network_library.h"

#include "datasets/the_studio.h"

namespace maskbench::training {
namespace {

TEST(CropEvaluation, TheDeliveredNetworkReadsSubjectsItHasNotSeen) {
  const auto network = NetworkLibrary(TestAssets() / "models").Load(EyeNetworkContract().name, 1);
  CropEvaluation evaluation(network.get());
  const CropGenerator generator(TheStudio());
  for (const int subject : {100001, 100002, 100003, 100004})
    evaluation.Add(generator.Samples(77, subject, 20));
  const auto groups = evaluation.Groups();
  ASSERT_FALSE(groups.empty());
  ASSERT_EQ(groups.front().first, "all");
  const GroupErrors& all = groups.front().second;
  EXPECT_GT(all.samples, 80);
  EXPECT_LT(all.mrd1_mae_mm, 1.0);
  EXPECT_LT(std::abs(all.mrd1_bias_mm), 0.3);
  EXPECT_GT(all.mrd1_slope, 0.85);
  EXPECT_LT(all.mrd1_slope, 1.1);
  EXPECT_LT(all.iris_x_mae_mm, 0.6);
  // Every sample is in one group of each kind.
  int by_ancestry = 0;
  for (const auto& [name, errors] : groups)
    if (name == "African" || name == "Asian" || name == "Caucasian") by_ancestry += errors.samples;
  EXPECT_EQ(by_ancestry, all.samples);
  EXPECT_NE(TableOf(groups).find("| all | "), std::string::npos);
}

}  // namespace
}  // namespace maskbench::training
