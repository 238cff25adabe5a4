#include "maskbench/render/skin.h"

#include <algorithm>
#include <cmath>

#include <Eigen/Geometry>
#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>

#include "maskbench/core/error.h"
#include "maskbench/head/parametric_head.h"
#include "maskbench/render/skin_chart.h"
#include "maskbench/render/texture.h"

namespace maskbench {
namespace {

constexpr double kDegrees = 57.29577951308232;

/// An egg with the size and place of a head, open below.
SkinSurface Egg() {
  SkinSurface surface;
  constexpr int kRings = 60, kSectors = 120;
  surface.vertices_mm.resize(3, (kRings + 1) * kSectors);
  for (int ring = 0; ring <= kRings; ++ring) {
    for (int sector = 0; sector < kSectors; ++sector) {
      const double down = 2.9 * ring / kRings, turn = 2 * M_PI * sector / kSectors;
      surface.vertices_mm.col(ring * kSectors + sector) =
          Eigen::Vector3d(82 * std::sin(down) * std::sin(turn), 110 * std::cos(down) - 20 * down,
                          -85 + 105 * std::sin(down) * std::cos(turn));
    }
  }
  for (int ring = 0; ring < kRings; ++ring) {
    for (int sector = 0; sector < kSectors; ++sector) {
      const int next = (sector + 1) % kSectors;
      const int a = ring * kSectors + sector, b = ring * kSectors + next;
      const int c = a + kSectors, d = b + kSectors;
      surface.triangles.push_back({a, c, b});
      surface.triangles.push_back({b, c, d});
    }
  }
  return surface;
}

const SkinGeometry& EggGeometry() {
  static const SkinGeometry geometry(Egg());
  return geometry;
}

/// Nothing random but what a test adds.
SkinRecipe Plain() {
  SkinRecipe recipe = NeutralSkinRecipe();
  recipe.brows.density = 0;
  return recipe;
}

Eigen::Vector3f MeanOf(const cv::Mat& albedo, const cv::Rect& where) {
  const cv::Scalar mean = cv::mean(albedo(where));
  return Eigen::Vector3d(mean[0], mean[1], mean[2]).cast<float>();
}

double Luminance(const Eigen::Vector3f& rgb) {
  return rgb.dot(Eigen::Vector3f(0.2126f, 0.7152f, 0.0722f));
}

/// Cheek of the patient's left side at a size of 512.
const cv::Rect kCheek(300, 220, 40, 40);

bool SameBytes(const cv::Mat& a, const cv::Mat& b) {
  return a.size() == b.size() && cv::norm(a, b, cv::NORM_INF) == 0;
}

TEST(SkinChart, IsACylinderSeenFromTheFront) {
  EXPECT_NEAR((SkinChart({0, 130, 0}) - Eigen::Vector2f(0.5f, 0.0f)).norm(), 0, 1e-6);
  EXPECT_NEAR((SkinChart({0, -190, 40}) - Eigen::Vector2f(0.5f, 1.0f)).norm(), 0, 1e-6);
  EXPECT_NEAR((SkinChart({0, -30, 30}) - Eigen::Vector2f(0.5f, 0.5f)).norm(), 0, 1e-6);
  // 90° to the patient's left: 0.5 + 0.42 · 0.9.
  EXPECT_NEAR(SkinChart({70, 0, -85}).x(), 0.878f, 1e-6);
  EXPECT_NEAR(SkinChart({-70, 0, -85}).x(), 0.122f, 1e-6);
  // 140° is half of the strip beyond 100°.
  const double azimuth = 140 / kDegrees;
  EXPECT_NEAR(SkinChart({std::sin(azimuth), 0, -85 + std::cos(azimuth)}).x(), 0.96f, 1e-6);
  EXPECT_EQ(SkinChart({0, 500, 0}).y(), 0.0f);
  EXPECT_EQ(SkinChart({0, -500, 0}).y(), 1.0f);
}

TEST(SkinChart, InverseAgrees) {
  for (const double azimuth : {-170.0, -100.0, -31.0, 0.0, 77.0, 100.0, 150.0}) {
    const double a = azimuth / kDegrees;
    const Eigen::Vector2f uv = SkinChart({std::sin(a), 12, -85 + std::cos(a)});
    EXPECT_NEAR(SkinChartAzimuthDeg(uv.x()), azimuth, 1e-3);
    EXPECT_NEAR(SkinChartHeightMm(uv.y()), 12, 1e-3);
  }
}

// sRGB white is D65; the red primary has L* 53.24, a* 80.09, b* 67.20 (any colour calculator).
TEST(SkinTone, LabOfKnownColours) {
  EXPECT_NEAR((LabOf({1, 1, 1}) - Eigen::Vector3d(100, 0, 0)).norm(), 0, 0.05);
  EXPECT_NEAR((LabOf({1, 0, 0}) - Eigen::Vector3d(53.24, 80.09, 67.20)).norm(), 0, 0.1);
  EXPECT_NEAR((LabOf({0, 0, 0})).norm(), 0, 1e-9);
  EXPECT_NEAR(TypologyAngleDeg({70, 10, 20}), 45, 1e-9);  // atan(20 / 20)
}

TEST(SkinTone, DarkensWithMelaninAndReddensWithBlood) {
  for (const double undertone : {-1.0, 0.0, 1.0}) {
    for (const double haemoglobin : {0.0, 0.25, 0.5, 0.75, 1.0}) {
      double last = 1;
      for (int step = 0; step <= 20; ++step) {
        const double luminance = Luminance(SkinTone({0.05 * step, haemoglobin, undertone}));
        EXPECT_LT(luminance, last);
        last = luminance;
      }
    }
    for (const double melanin : {0.0, 0.3, 0.6, 0.9}) {
      EXPECT_GT(LabOf(SkinTone({melanin, 0.7, undertone})).y(),
                LabOf(SkinTone({melanin, 0.2, undertone})).y());
    }
  }
}

// Hue angles of measured skin lie between 35° and 75° (Weatherall & Coombs, J Invest Dermatol 1992;
// Xiao et al., Skin Res Technol 2017). Chroma is largest at medium lightness and falls towards dark
// skin (spectrophotometry in "Comparing skin colours between different skin groups").
TEST(SkinTone, StaysInsideTheGamutOfSkin) {
  for (int step = 0; step <= 10; ++step) {
    const double melanin = 0.1 * step;
    for (const double haemoglobin : {0.25, 0.35, 0.45, 0.6, 0.8}) {
      for (const double undertone : {-0.6, 0.0, 0.6}) {
        const Eigen::Vector3d lab = LabOf(SkinTone({melanin, haemoglobin, undertone}));
        const double hue = std::atan2(lab.z(), lab.y()) * kDegrees;
        EXPECT_GT(hue, 35) << melanin << " " << haemoglobin << " " << undertone;
        EXPECT_LT(hue, 75) << melanin << " " << haemoglobin << " " << undertone;
        EXPECT_LT(lab.tail<2>().norm(), 32);
        EXPECT_GT(lab.x(), 20);
        EXPECT_LT(lab.x(), 75);
      }
    }
  }
  const auto chroma = [](double melanin) {
    return LabOf(SkinTone({melanin, 0.4, 0})).tail<2>().norm();
  };
  EXPECT_GT(chroma(0.65), chroma(0.0) + 5);
  EXPECT_GT(chroma(0.65), chroma(1.0) + 3);
}

// Face and body of 148 Asians: L* 64.15 ± 4.86, a* 8.96 ± 2.65, b* 18.34 ± 2.39 (Yun et al., Skin
// Res Technol 2010).
TEST(SkinTone, MatchesMeasuredSkin) {
  const Eigen::Vector3d lab = LabOf(SkinTone({0.33, 0.4, 0.1}));
  EXPECT_NEAR(lab.x(), 64.15, 4.86);
  EXPECT_NEAR(lab.y(), 8.96, 2.65);
  EXPECT_NEAR(lab.z(), 18.34, 2.39);
}

// From very light to dark, Chardon et al. 1991.
TEST(SkinTone, CoversAllClassesOfTypologyAngle) {
  EXPECT_GT(TypologyAngleDeg(LabOf(SkinTone({0.0, 0.2, -0.3}))), 55);
  EXPECT_LT(TypologyAngleDeg(LabOf(SkinTone({1.0, 0.4, 0}))), -30);
}

TEST(SkinGeometry, KnowsPlacesAndLengths) {
  const SkinGeometry& geometry = EggGeometry();
  // A point of the egg's front at the height of the eyes.
  const Eigen::Vector2f uv = SkinChart({0, 0, 20});
  const int n = SkinGeometry::kSize;
  const int x = static_cast<int>(uv.x() * n), y = static_cast<int>(uv.y() * n);
  const cv::Vec3f p = geometry.position_mm().at<cv::Vec3f>(y, x);
  EXPECT_NEAR(p[0], 0, 1);
  EXPECT_NEAR(p[1], 0, 1);
  EXPECT_GT(p[2], 10);
  // 100° take 0.42 of u; the front lies about 105 mm from the axis.
  EXPECT_NEAR(geometry.scale_mm().at<cv::Vec2f>(y, x)[0], 105 * (100 / kDegrees) / 0.42, 25);
  EXPECT_NEAR(geometry.scale_mm().at<cv::Vec2f>(y, x)[1], 320, 30);
}

TEST(SkinGeometry, IsSymmetric) {
  const SkinGeometry& geometry = EggGeometry();
  for (const cv::Mat* map :
       {&geometry.zones().lip, &geometry.zones().beard, &geometry.zones().scalp,
        &geometry.zones().nose, &geometry.zones().opening}) {
    cv::Mat flipped;
    cv::flip(*map, flipped, 1);
    EXPECT_LT(cv::norm(*map, flipped, cv::NORM_INF), 1e-3);
  }
}

TEST(Skin, SameSeedSameBytesOtherSeedOtherSkin) {
  SkinRecipe recipe;
  recipe.freckles = 50;
  recipe.beard.density = 0.5;
  recipe.scalp.density = 1;
  const SkinImages once = PaintSkin(recipe, EggGeometry(), {}, 512);
  const SkinImages again = PaintSkin(recipe, EggGeometry(), {}, 512);
  EXPECT_TRUE(SameBytes(once.albedo, again.albedo));
  EXPECT_TRUE(SameBytes(once.relief, again.relief));
  recipe.seed = 2;
  EXPECT_FALSE(SameBytes(once.albedo, PaintSkin(recipe, EggGeometry(), {}, 512).albedo));
}

TEST(Skin, AlbedoIsAReflectance) {
  SkinRecipe recipe;
  recipe.age = 1;
  recipe.redness = 1;
  recipe.moles = 50;
  recipe.scalp.density = 1;
  recipe.make_up.lipstick = 1;
  for (const double melanin : {0.0, 1.0}) {
    recipe.melanin = melanin;
    const SkinImages skin = PaintSkin(recipe, EggGeometry(), {}, 512);
    double least = 0, most = 0;
    cv::minMaxLoc(skin.albedo.reshape(1), &least, &most);
    EXPECT_GE(least, 0.0);
    EXPECT_LE(most, 0.9);
    EXPECT_TRUE(cv::checkRange(skin.relief));
  }
}

TEST(Skin, MeanToneFallsWithMelanin) {
  SkinRecipe recipe;
  double last = 1;
  for (const double melanin : {0.0, 0.2, 0.4, 0.6, 0.8, 1.0}) {
    recipe.melanin = melanin;
    const Eigen::Vector3f mean = MeanOf(PaintSkin(recipe, EggGeometry(), {}, 512).albedo, kCheek);
    EXPECT_LT(Luminance(mean), last);
    last = Luminance(mean);
    const Eigen::Vector3d lab = LabOf(mean);
    const double hue = std::atan2(lab.z(), lab.y()) * kDegrees;
    EXPECT_GT(hue, 35);
    EXPECT_LT(hue, 75);
  }
}

TEST(Skin, MirroredSkinIsSymmetric) {
  SkinRecipe recipe;
  recipe.mirrored = true;
  recipe.age = 0.6;
  recipe.freckles = 200;
  recipe.beard.density = 0.4;
  const SkinImages skin = PaintSkin(recipe, EggGeometry(), {}, 512);
  cv::Mat flipped, difference;
  cv::flip(skin.albedo, flipped, 1);
  cv::absdiff(skin.albedo, flipped, difference);
  // Rounding may move the odd texel at the edge of a hair.
  EXPECT_LT(cv::mean(difference)[0], 2e-4);
  recipe.mirrored = false;
  const cv::Mat other = PaintSkin(recipe, EggGeometry(), {}, 512).albedo;
  cv::flip(other, flipped, 1);
  cv::absdiff(other, flipped, difference);
  EXPECT_GT(cv::mean(difference)[0], 2e-3);
}

TEST(Skin, PaintsAsManyFrecklesAsAsked) {
  SkinRecipe recipe = Plain();
  recipe.mirrored = false;
  recipe.melanin = 0.2;
  const cv::Mat without = PaintSkin(recipe, EggGeometry(), {}, 1024).albedo;
  for (const int freckles : {12, 40}) {
    recipe.freckles = freckles;
    const cv::Mat with = PaintSkin(recipe, EggGeometry(), {}, 1024).albedo;
    cv::Mat darker = (without - with) * 1.0, green;
    cv::extractChannel(darker, green, 1);
    cv::Mat labels;
    const int found = cv::connectedComponents(green > 0.012, labels) - 1;
    // Some lie on top of each other.
    EXPECT_LE(found, freckles + 2);
    EXPECT_GE(found, freckles * 3 / 4);
  }
}

TEST(Skin, DetailsStayWhereTheyAreAtAnotherSize) {
  SkinRecipe recipe;
  recipe.moles = 8;
  recipe.melanin = 0.15;
  const cv::Mat large = PaintSkin(recipe, EggGeometry(), {}, 1024).albedo;
  const cv::Mat small = PaintSkin(recipe, EggGeometry(), {}, 512).albedo;
  cv::Mat halved, a, b;
  cv::resize(large, halved, small.size(), 0, 0, cv::INTER_AREA);
  cv::extractChannel(halved, a, 1);
  cv::extractChannel(small, b, 1);
  cv::Scalar mean_a, sd_a, mean_b, sd_b;
  cv::meanStdDev(a, mean_a, sd_a);
  cv::meanStdDev(b, mean_b, sd_b);
  const double correlation = cv::mean((a - mean_a[0]).mul(b - mean_b[0]))[0] / (sd_a[0] * sd_b[0]);
  EXPECT_GT(correlation, 0.9);
}

TEST(Skin, BrowsAreClearlyDarkerThanTheSkin) {
  SkinRecipe recipe = NeutralSkinRecipe();
  const cv::Mat& zone = EggGeometry().zones().brow;
  cv::Mat core;
  cv::resize(zone, core, {1024, 1024}, 0, 0, cv::INTER_LINEAR);
  const cv::Mat mask = core > 0.95;
  for (const auto& [melanin, hair] : {std::pair{0.1, 0.45}, {0.4, 0.8}, {0.7, 1.0}}) {
    recipe.melanin = melanin;
    recipe.brows.colour.melanin = hair;
    recipe.brows.density = 1;
    const cv::Scalar with = cv::mean(PaintSkin(recipe, EggGeometry()).albedo, mask);
    recipe.brows.density = 0;
    const cv::Scalar without = cv::mean(PaintSkin(recipe, EggGeometry()).albedo, mask);
    // Michelson contrast of the mean over the brow's region, hairs and gaps together.
    const double contrast = (without[1] - with[1]) / (without[1] + with[1]);
    EXPECT_GT(contrast, 0.18) << melanin;
    EXPECT_LT(contrast, 0.85) << melanin;  // No painted block.
  }
}

TEST(Skin, BeardScalpAndLipsArePainted) {
  SkinRecipe recipe = Plain();
  const cv::Mat bare = PaintSkin(recipe, EggGeometry(), {}, 512).albedo;
  const SkinGeometry::Zones& zones = EggGeometry().zones();
  const auto darkening = [&](const cv::Mat& mask) {
    const cv::Mat now = PaintSkin(recipe, EggGeometry(), {}, 512).albedo;
    return cv::mean(now, mask)[1] / cv::mean(bare, mask)[1];
  };
  recipe.beard.density = 1;
  EXPECT_LT(darkening(zones.beard > 0.9), 0.85);
  EXPECT_NEAR(darkening(zones.forehead > 0.9), 1.0, 1e-3);
  recipe.beard.density = 0;
  recipe.scalp.density = 1;
  EXPECT_LT(darkening(zones.scalp > 25.0f), 0.6);
  recipe.scalp.recession = 1;
  const cv::Mat bald = PaintSkin(recipe, EggGeometry(), {}, 512).albedo;
  EXPECT_GT(cv::mean(bald, zones.crown > 0.9f)[1], 0.9 * cv::mean(bare, zones.crown > 0.9f)[1]);
  // Lips are redder than the cheek: less green for the same red.
  const cv::Scalar lip = cv::mean(bare, zones.lip > 2.0f),
                   cheek = cv::mean(bare, zones.cheek > 0.8f);
  EXPECT_LT(lip[1] / lip[0], 0.9 * cheek[1] / cheek[0]);
}

// The chart's left and right edges are one line at the back of the head.
TEST(Skin, FitsTogetherAtTheSeam) {
  SkinRecipe recipe;
  recipe.scalp.density = 1;
  const SkinImages skin = PaintSkin(recipe, EggGeometry(), {}, 512);
  for (const cv::Mat* image : {&skin.albedo, &skin.relief}) {
    EXPECT_LT(cv::norm(image->col(0), image->col(511), cv::NORM_INF), 1e-5);
  }
}

TEST(Skin, AgeDeepensTheRelief) {
  SkinRecipe recipe;
  recipe.pores = 0;
  const auto roughness = [&](double age) {
    recipe.age = age;
    const cv::Mat relief = PaintSkin(recipe, EggGeometry(), {}, 512).relief;
    cv::Scalar mean, sd;
    cv::meanStdDev(relief, mean, sd);
    return sd[1];
  };
  EXPECT_GT(roughness(0.9), 1.3 * roughness(0.1));
}

TEST(Skin, ReliefIsTheSlopeInMillimetresPerMillimetre) {
  // One mole-free skin with one known groove: the lid crease of 0.22 mm depth and 0.35 mm width has
  // a greatest slope of depth / width · e^(−1/2) = 0.38.
  SkinRecipe recipe = Plain();
  recipe.pores = 0;
  recipe.lid_crease = 1;
  const cv::Mat relief = PaintSkin(recipe, EggGeometry(), {}, 2048).relief;
  recipe.lid_crease = 0;
  const cv::Mat without = PaintSkin(recipe, EggGeometry(), {}, 2048).relief;
  cv::Mat slope;
  cv::extractChannel(relief - without, slope, 1);
  double least = 0, most = 0;
  cv::minMaxLoc(slope, &least, &most);
  EXPECT_NEAR(std::max(-least, most), 0.38, 0.12);
}

TEST(Skin, RefusesSizesAndSkinsThatCannotBe) {
  EXPECT_THROW(PaintSkin({}, EggGeometry(), {}, 100), UsageError);
  try {
    ReadPackageSkin("nowhere", "young/skin");
    FAIL();
  } catch (const DataError& error) {
    EXPECT_NE(std::string(error.what()).find("skin.png"), std::string::npos);
  }
}

TEST(Skin, OptionsKeepTheRecipe) {
  SkinRecipe recipe;
  recipe.brows.arch_mm = 2.5;
  recipe.beard.colour.grey = 0.25;
  recipe.seed = 123456789012345678u;
  Problems problems;
  const SkinRecipe read =
      SkinRecipe::Options().Parse(SkinRecipe::Options().ToJson(recipe), "skin", &problems);
  EXPECT_TRUE(problems.empty());
  EXPECT_EQ(read.brows.arch_mm, 2.5);
  EXPECT_EQ(read.beard.colour.grey, 0.25);
  EXPECT_EQ(read.seed, recipe.seed);
}

// With the imported head: landmarks come from its own vertices.
TEST(Skin, OutlinesOfTheParametricHead) {
  const std::filesystem::path file =
      std::filesystem::path(MASKBENCH_ASSETS_DIR) / "models/head/parametric.mbhead";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "The head models are not imported.";
  const SkinGeometry geometry(SkinSurfaceOf(*ParametricHead::Load(file)));
  const SkinOutlines& o = geometry.outlines();
  EXPECT_NEAR(o.lid_upper.front().x(), 18, 3);  // Half of an intercanthal distance of 34 ± 3 mm.
  EXPECT_GT(o.brow.front().y(), o.lid_upper[o.lid_upper.size() / 2].y());
  EXPECT_LT(o.lip_upper.front().y(), o.nose.back().y());
  EXPECT_LT(o.chin[0].y(), o.lip_lower.front().y());
  EXPECT_FALSE(geometry.atlas_uv().empty());
  EXPECT_GT(cv::countNonZero(geometry.covered()), 200000);
}

}  // namespace
}  // namespace maskbench
