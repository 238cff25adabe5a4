#include "maskbench/render/sensor.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "maskbench/core/error.h"

namespace maskbench {
namespace {

cv::Mat Even(double value, cv::Size size = {400, 300}) {
  return cv::Mat(size, CV_32FC3, cv::Scalar::all(value));
}

/// Neither blur nor vignetting, no noise unless asked for.
SensorRecipe Ideal() {
  SensorRecipe recipe;
  recipe.read_noise = recipe.shot_noise = 0;
  recipe.blur_px = recipe.vignetting = recipe.shoulder = 0;
  return recipe;
}

bool SameBytes(const cv::Mat& a, const cv::Mat& b) {
  return a.size() == b.size() && a.type() == b.type() && cv::norm(a, b, cv::NORM_INF) == 0;
}

struct Moments {
  double mean, variance, kurtosis;
};

Moments MomentsOf(const cv::Mat& image, int channel) {
  double sum = 0, square = 0, fourth = 0;
  const auto count = static_cast<double>(image.total());
  for (int y = 0; y < image.rows; ++y) {
    for (int x = 0; x < image.cols; ++x) sum += image.at<cv::Vec3f>(y, x)[channel];
  }
  const double mean = sum / count;
  for (int y = 0; y < image.rows; ++y) {
    for (int x = 0; x < image.cols; ++x) {
      const double d = image.at<cv::Vec3f>(y, x)[channel] - mean;
      square += d * d;
      fourth += d * d * d * d;
    }
  }
  square /= count;
  return {mean, square, fourth / count / (square * square)};
}

// Photon transfer (EMVA 1288): the variance of the noise is a line over the signal.
TEST(Sensor, NoiseFollowsThePhotonTransferLine) {
  SensorRecipe recipe = Ideal();
  recipe.read_noise = 0.01;
  recipe.shot_noise = 0.002;
  recipe.noise_correlation = 0.3;
  for (const double signal : {0.0, 0.05, 0.2, 0.5, 0.9}) {
    const cv::Mat exposed = Expose(Even(signal), recipe, 7, 3);
    const double expected = 0.01 * 0.01 + 0.002 * signal;
    const auto count = static_cast<double>(exposed.total());
    for (int channel = 0; channel < 3; ++channel) {
      const Moments m = MomentsOf(exposed, channel);
      // Five standard errors; that of a normal sample's variance is σ²·√(2/n).
      EXPECT_NEAR(m.variance, expected, 5 * expected * std::sqrt(2 / count)) << signal;
      EXPECT_NEAR(m.mean, signal, 5 * std::sqrt(expected / count)) << signal;
      EXPECT_NEAR(m.kurtosis, 3.0, 0.1);  // As a normal distribution's.
    }
  }
}

TEST(Sensor, NoiseOfChannelsIsCorrelatedAsAsked) {
  SensorRecipe recipe = Ideal();
  recipe.read_noise = 0.05;
  for (const double correlation : {0.0, 0.4, 1.0}) {
    recipe.noise_correlation = correlation;
    const cv::Mat noise = Expose(Even(0.0), recipe, 5, 0);
    double product = 0;
    for (int y = 0; y < noise.rows; ++y) {
      for (int x = 0; x < noise.cols; ++x) {
        product += noise.at<cv::Vec3f>(y, x)[0] * noise.at<cv::Vec3f>(y, x)[2];
      }
    }
    EXPECT_NEAR(product / static_cast<double>(noise.total()) / (0.05 * 0.05), correlation, 0.02);
  }
}

TEST(Sensor, NeighboursAreIndependent) {
  SensorRecipe recipe = Ideal();
  recipe.read_noise = 0.05;
  const cv::Mat noise = Expose(Even(0.0), recipe, 5, 0);
  for (const auto& [dx, dy] : {std::pair{1, 0}, {0, 1}, {1, 1}, {0, 2}}) {
    double product = 0;
    for (int y = 0; y + dy < noise.rows; ++y) {
      for (int x = 0; x + dx < noise.cols; ++x) {
        product += noise.at<cv::Vec3f>(y, x)[1] * noise.at<cv::Vec3f>(y + dy, x + dx)[1];
      }
    }
    EXPECT_NEAR(product / static_cast<double>(noise.total()) / (0.05 * 0.05), 0.0, 0.02);
  }
}

TEST(Sensor, NoiseIsAFunctionOfSeedFrameAndPixel) {
  const cv::Mat scene = Even(0.3);
  const SensorRecipe recipe;
  const cv::Mat picture = Develop(scene, recipe, 11, 4);
  EXPECT_TRUE(SameBytes(picture, Develop(scene, recipe, 11, 4)));
  EXPECT_FALSE(SameBytes(picture, Develop(scene, recipe, 11, 5)));
  EXPECT_FALSE(SameBytes(picture, Develop(scene, recipe, 12, 4)));
  EXPECT_FALSE(SameBytes(picture, Develop(scene, recipe, 11, -4)));
  const int threads = cv::getNumThreads();
  cv::setNumThreads(4);
  EXPECT_TRUE(SameBytes(picture, Develop(scene, recipe, 11, 4)));
  cv::setNumThreads(threads);
  // The noise of frames is not the same noise shifted.
  SensorRecipe noisy = Ideal();
  noisy.read_noise = 0.05;
  const cv::Mat first = Expose(Even(0), noisy, 1, 0), second = Expose(Even(0), noisy, 1, 1);
  EXPECT_NEAR(first.dot(second) / static_cast<double>(3 * first.total()), 0.0, 0.05 * 0.05 * 0.02);
}

TEST(Sensor, OneStopDoublesTheSignal) {
  SensorRecipe recipe = Ideal();
  const cv::Mat once = Expose(Even(0.2), recipe, 1, 0);
  recipe.exposure_ev = 1;
  const cv::Mat twice = Expose(Even(0.2), recipe, 1, 0);
  EXPECT_NEAR(twice.at<cv::Vec3f>(10, 10)[1] / once.at<cv::Vec3f>(10, 10)[1], 2.0, 1e-6);
}

// Bytes of linear values by IEC 61966-2-1, computed by hand.
TEST(Sensor, ToneCurveIsThatOfSrgb) {
  const SensorRecipe recipe = Ideal();
  EXPECT_EQ(Develop(Even(0.0), recipe, 1, 0).at<cv::Vec3b>(0, 0), cv::Vec3b(0, 0, 0));
  EXPECT_NEAR(Develop(Even(0.2158605), recipe, 1, 0).at<cv::Vec3b>(0, 0)[1], 128, 1);
  EXPECT_NEAR(Develop(Even(0.0030353), recipe, 1, 0).at<cv::Vec3b>(0, 0)[1], 10, 1);
  EXPECT_EQ(Develop(Even(1.0), recipe, 1, 0).at<cv::Vec3b>(0, 0)[1], 255);
  EXPECT_EQ(Develop(Even(1e9), recipe, 1, 0).at<cv::Vec3b>(0, 0)[1], 255);
}

TEST(Sensor, ShoulderRollsHighlightsOffAndLeavesTheRest) {
  SensorRecipe recipe = Ideal();
  const cv::Mat hard = Develop(Even(0.5), recipe, 1, 0);
  recipe.shoulder = 0.3;
  EXPECT_TRUE(SameBytes(hard, Develop(Even(0.5), recipe, 1, 0)));
  int last = 0;
  for (const double value : {0.8, 1.0, 1.2, 1.5, 2.0}) {
    const int byte = Develop(Even(value), recipe, 1, 0).at<cv::Vec3b>(0, 0)[1];
    EXPECT_GT(byte, last);
    last = byte;
  }
  EXPECT_LE(last, 255);
}

TEST(Sensor, OrderOfChannelsIsTurnedRound) {
  const cv::Mat red(20, 20, CV_32FC3, cv::Scalar(0.8, 0.2, 0.05));  // R, G, B
  const cv::Vec3b pixel = Develop(red, Ideal(), 1, 0).at<cv::Vec3b>(5, 5);
  EXPECT_GT(pixel[2], pixel[1]);
  EXPECT_GT(pixel[1], pixel[0]);
}

TEST(Sensor, TrueWhiteBalanceKeepsGreyGrey) {
  SensorRecipe recipe = Ideal();
  const cv::Vec3b grey = Develop(Even(0.3), recipe, 1, 0).at<cv::Vec3b>(5, 5);
  EXPECT_EQ(grey[0], grey[1]);
  EXPECT_EQ(grey[1], grey[2]);
  recipe.white_balance_kelvin = 3200;  // Set for lamp light, daylight looks blue.
  const cv::Vec3b lamp = Develop(Even(0.3), recipe, 1, 0).at<cv::Vec3b>(5, 5);
  EXPECT_GT(lamp[0], lamp[2] + 30);
  recipe.white_balance_kelvin = 10000;
  const cv::Vec3b shade = Develop(Even(0.3), recipe, 1, 0).at<cv::Vec3b>(5, 5);
  EXPECT_LT(shade[0] + 10, shade[2]);
  for (const double kelvin : {2500.0, 4000.0, 6504.0, 12000.0}) {
    EXPECT_NEAR(WhiteBalanceGains(kelvin).dot(Eigen::Vector3f(0.2126f, 0.7152f, 0.0722f)), 1.0f,
                1e-5f);
  }
}

TEST(Sensor, VignettingDarkensTheCornersAlone) {
  SensorRecipe recipe = Ideal();
  recipe.vignetting = 0.4;
  const cv::Mat exposed = Expose(Even(0.5, {401, 301}), recipe, 1, 0);
  EXPECT_NEAR(exposed.at<cv::Vec3f>(150, 200)[0], 0.5, 1e-6);
  EXPECT_NEAR(exposed.at<cv::Vec3f>(0, 0)[0], 0.3, 1e-4);
  EXPECT_NEAR(exposed.at<cv::Vec3f>(300, 400)[0], 0.3, 1e-4);
}

TEST(Sensor, BlurAndSaturationKeepTheMean) {
  cv::Mat scene = Even(0.1);
  scene(cv::Rect(150, 100, 100, 100)).setTo(cv::Scalar(0.6, 0.4, 0.3));
  SensorRecipe recipe = Ideal();
  recipe.blur_px = 2;
  EXPECT_NEAR(cv::mean(Expose(scene, recipe, 1, 0))[0], cv::mean(scene)[0], 1e-4);
  recipe.saturation = 0;
  const cv::Vec3b pixel = Develop(scene, recipe, 1, 0).at<cv::Vec3b>(150, 200);
  EXPECT_NEAR(pixel[0], pixel[2], 1);
}

TEST(Sensor, JpegStepLosesALittle) {
  SensorRecipe recipe;
  const cv::Mat clean = Develop(Even(0.3), recipe, 1, 0);
  recipe.jpeg_quality = 70;
  const cv::Mat lossy = Develop(Even(0.3), recipe, 1, 0);
  ASSERT_EQ(lossy.size(), clean.size());
  EXPECT_FALSE(SameBytes(clean, lossy));
  EXPECT_LT(cv::norm(clean, lossy, cv::NORM_L1) / static_cast<double>(3 * clean.total()), 6.0);
}

TEST(Sensor, AveragesSubFramesInLinearLight) {
  EXPECT_NEAR(AverageFrames({Even(0.0), Even(1.0)}).at<cv::Vec3f>(3, 3)[2], 0.5, 1e-6);
  EXPECT_THROW(AverageFrames({}), UsageError);
  EXPECT_THROW(AverageFrames({Even(0), Even(0, {20, 20})}), UsageError);
}

TEST(Sensor, RefusesPicturesOfAnotherKind) {
  EXPECT_THROW(Develop(cv::Mat(10, 10, CV_8UC3), {}, 1, 0), UsageError);
  EXPECT_THROW(Develop(cv::Mat(), {}, 1, 0), UsageError);
}

TEST(Sensor, OptionsNameWhatIsOutOfRange) {
  Problems problems;
  SensorRecipe::Options().Parse({{"read_noise", 0.5}, {"jpeg_quality", 120}}, "sensor", &problems);
  EXPECT_THAT(problems.lines(),
              testing::UnorderedElementsAre(testing::HasSubstr("sensor.read_noise"),
                                            testing::HasSubstr("sensor.jpeg_quality")));
}

}  // namespace
}  // namespace maskbench
