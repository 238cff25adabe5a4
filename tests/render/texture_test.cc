#include "maskbench/render/texture.h"

#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "maskbench/core/error.h"
#include "maskbench/core/rng.h"

namespace maskbench {
namespace {

cv::Mat RandomImage(int width, int height, int type) {
  NamedRandom random(1, "texture_test", "texels");
  cv::Mat image(height, width, type);
  for (int y = 0; y < height; ++y) {
    for (int i = 0; i < width * image.channels(); ++i) {
      image.ptr<float>(y)[i] = static_cast<float>(2 * random.Uniform() - 0.7);
    }
  }
  return image;
}

Eigen::Vector2f CentreOf(int x, int y, const cv::Mat& image) {
  return {(static_cast<float>(x) + 0.5f) / static_cast<float>(image.cols),
          (static_cast<float>(y) + 0.5f) / static_cast<float>(image.rows)};
}

TEST(Texture, SampleAtTheCentreOfATexelIsTheTexel) {
  const cv::Mat image = RandomImage(37, 21, CV_32FC4);
  const Texture texture(image);
  for (int y = 0; y < image.rows; ++y) {
    for (int x = 0; x < image.cols; ++x) {
      const Eigen::Vector2f at = CentreOf(x, y, image);
      const Eigen::Vector4f bilinear = texture.Sample(at.x(), at.y(), 1.0f);
      const Eigen::Vector4f bicubic = texture.SampleBicubic(at.x(), at.y());
      for (int c = 0; c < 4; ++c) {
        // Steps of the 16 bits are 2 / 65535; the position is rounded to 2^-14 of a texel.
        EXPECT_NEAR(bilinear[c], image.at<cv::Vec4f>(y, x)[c], 3e-4) << x << " " << y;
        EXPECT_NEAR(bicubic[c], image.at<cv::Vec4f>(y, x)[c], 5e-5) << x << " " << y;
      }
    }
  }
}

TEST(Texture, BilinearSampleLiesOnTheStraightLine) {
  cv::Mat image(1, 2, CV_32FC1);
  image.at<float>(0, 0) = 2;
  image.at<float>(0, 1) = 6;
  const Texture texture(image);
  EXPECT_NEAR(texture.Sample(0.25f, 0.5f, 0)[0], 2, 1e-3);
  EXPECT_NEAR(texture.Sample(0.375f, 0.5f, 0)[0], 3, 1e-3);
  EXPECT_NEAR(texture.Sample(0.5f, 0.5f, 0)[0], 4, 1e-3);
  // Outside, the last texel goes on.
  EXPECT_NEAR(texture.Sample(-3.0f, 0.5f, 0)[0], 2, 1e-3);
  EXPECT_NEAR(texture.Sample(9.0f, 7.0f, 0)[0], 6, 1e-3);
}

TEST(Texture, MissingChannelsAreFilled) {
  const Texture grey(cv::Mat(2, 2, CV_32FC1, cv::Scalar(0.25)));
  EXPECT_TRUE(grey.Sample(0.3f, 0.6f, 1).isApprox(Eigen::Vector4f(0.25f, 0.25f, 0.25f, 1)));
  const Texture colour(cv::Mat(2, 2, CV_32FC3, cv::Scalar(0.1, 0.2, 0.3)));
  EXPECT_TRUE(colour.Sample(0.3f, 0.6f, 1).isApprox(Eigen::Vector4f(0.1f, 0.2f, 0.3f, 1)));
}

TEST(Texture, CoarsestLevelIsTheMeanAlsoForOddSizes) {
  for (const auto& [width, height] :
       std::vector<std::pair<int, int>>{{64, 64}, {63, 17}, {5, 129}, {1, 7}}) {
    const cv::Mat image = RandomImage(width, height, CV_32FC3);
    const cv::Scalar mean = cv::mean(image);
    const Eigen::Vector4f sample = Texture(image).Sample(0.2f, 0.9f, 1e6f);
    for (int c = 0; c < 3; ++c) EXPECT_NEAR(sample[c], mean[c], 1e-4) << width << " " << height;
  }
}

TEST(Texture, FootprintOfTwoTexelsIsTheNextLevel) {
  const cv::Mat image = RandomImage(8, 8, CV_32FC1);
  const Texture texture(image);
  for (int y = 0; y < 4; ++y) {
    for (int x = 0; x < 4; ++x) {
      const float box =
          (image.at<float>(2 * y, 2 * x) + image.at<float>(2 * y, 2 * x + 1) +
           image.at<float>(2 * y + 1, 2 * x) + image.at<float>(2 * y + 1, 2 * x + 1)) /
          4;
      const float u = (static_cast<float>(x) + 0.5f) / 4;
      const float v = (static_cast<float>(y) + 0.5f) / 4;
      EXPECT_NEAR(texture.Sample(u, v, 2)[0], box, 1e-4);
      // Half way between the levels, their mean: the logarithm is linear between powers of two.
      EXPECT_NEAR(texture.Sample(u, v, 1.5f)[0], (texture.Sample(u, v, 1)[0] + box) / 2, 2e-4);
    }
  }
}

TEST(Texture, ManySamplesAreTheSameAsSingleOnes) {
  const Texture texture(RandomImage(100, 60, CV_32FC4));
  NamedRandom random(2, "texture_test", "places");
  constexpr int kCount = 23;
  std::array<float, kCount> u;
  std::array<float, kCount> v;
  std::array<float, kCount> texels;
  for (int i = 0; i < kCount; ++i) {
    u[i] = static_cast<float>(1.2 * random.Uniform() - 0.1);
    v[i] = static_cast<float>(1.2 * random.Uniform() - 0.1);
    texels[i] = static_cast<float>(20 * random.Uniform());
  }
  std::vector<Texture::Footprint> footprints(24);
  std::vector<float> rgba(4 * kCount);
  texture.Locate(u.data(), v.data(), texels.data(), kCount, footprints.data());
  texture.Fetch(footprints.data(), kCount, rgba.data());
  for (int i = 0; i < kCount; ++i) {
    const Eigen::Vector4f single = texture.Sample(u[i], v[i], texels[i]);
    for (int c = 0; c < 4; ++c) EXPECT_EQ(rgba[4 * i + c], single[c]);
  }
}

TEST(Texture, BicubicSampleReproducesAParabolaWhereBilinearDoesNot) {
  cv::Mat image(1, 9, CV_32FC1);
  for (int x = 0; x < 9; ++x) image.at<float>(0, x) = static_cast<float>((x - 4) * (x - 4));
  const Texture texture(image);
  for (float x = 2; x <= 6; x += 0.125f) {
    EXPECT_NEAR(texture.SampleBicubic((x + 0.5f) / 9, 0.5f)[0], (x - 4) * (x - 4), 2e-3) << x;
  }
}

TEST(Texture, CoordinatesThatAreNoNumbersAreHarmless) {
  const Texture texture(RandomImage(16, 16, CV_32FC3));
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  for (const float bad : {nan, infinity, -infinity}) {
    EXPECT_TRUE(texture.Sample(bad, 0.5f, 1).allFinite());
    EXPECT_TRUE(texture.Sample(0.5f, bad, 1).allFinite());
    EXPECT_TRUE(texture.Sample(0.5f, 0.5f, bad).allFinite());
  }
}

TEST(Texture, OtherImagesAreRefused) {
  EXPECT_THROW(Texture{cv::Mat()}, DataError);
  EXPECT_THROW(Texture{cv::Mat(4, 4, CV_8UC3)}, DataError);
  EXPECT_THROW(Texture{cv::Mat(4, 4, CV_32FC2)}, DataError);
  cv::Mat image(4, 4, CV_32FC1, cv::Scalar(0));
  image.at<float>(2, 3) = std::numeric_limits<float>::infinity();
  try {
    const Texture texture(image);
    FAIL();
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("column 3, row 2"));
  }
}

}  // namespace
}  // namespace maskbench
