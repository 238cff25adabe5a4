// What head models cost: loading, shapes, derivatives, fits to 468 points. Uses the imported heads.
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "maskbench/core/rng.h"
#include "maskbench/head/head_builder.h"
#include "maskbench/head/head_registry.h"
#include "maskbench/head/parametric_head.h"
#include "maskbench/head/shape_fit.h"

namespace maskbench {
namespace {

std::filesystem::path ModelsDir() {
  const char* folder = std::getenv("MASKBENCH_ASSETS");
  return std::filesystem::path(folder != nullptr ? folder : MASKBENCH_ASSETS_DIR) / "models";
}

Eigen::VectorXd Coefficients(int count, const std::string& purpose) {
  NamedRandom random(1, "head_bench", purpose);
  Eigen::VectorXd coefficients(count);
  for (double& value : coefficients) value = random.Normal();
  return coefficients;
}

std::vector<SurfacePoint> MeshPoints(const HeadModel& model) {
  std::vector<SurfacePoint> points;
  for (const auto& point : model.Topology().mesh468) points.push_back(point.value());
  return points;
}

void LoadParametricHead(benchmark::State& state) {
  const auto file = ParametricHeadFile(ModelsDir());
  for (auto _ : state) benchmark::DoNotOptimize(ParametricHead::Load(file));
}
BENCHMARK(LoadParametricHead)->Unit(benchmark::kMillisecond);

void ParametricShape(benchmark::State& state) {
  const auto head = ParametricHead::Load(ParametricHeadFile(ModelsDir()));
  HeadRecipe recipe;
  recipe.age = 0.3;
  recipe.weight = 0.2;
  NamedRandom random(1, "head_bench", "details");
  head->SampleDetails({}, &random, &recipe);
  for (auto _ : state) benchmark::DoNotOptimize(head->Shape(recipe));
}
BENCHMARK(ParametricShape)->Unit(benchmark::kMicrosecond);

void LoadModel(benchmark::State& state, const std::string& name) {
  for (auto _ : state) benchmark::DoNotOptimize(MakeHeadModel(name, ModelsDir()));
}

void Evaluate(benchmark::State& state, const std::string& name) {
  const auto model = MakeHeadModel(name, ModelsDir());
  const Eigen::VectorXd identity = Coefficients(model->IdentityDims(), "identity");
  const Eigen::VectorXd expression = Coefficients(model->ExpressionDims(), "expression");
  for (auto _ : state) benchmark::DoNotOptimize(model->Evaluate(identity, expression));
}

void Jacobian(benchmark::State& state, const std::string& name) {
  const auto model = MakeHeadModel(name, ModelsDir());
  const std::vector<SurfacePoint> points = MeshPoints(*model);
  const Eigen::VectorXd identity = Coefficients(model->IdentityDims(), "identity");
  for (auto _ : state) benchmark::DoNotOptimize(model->Jacobian(identity, {}, points));
}

void Fit(benchmark::State& state, const std::string& name) {
  const auto model = MakeHeadModel(name, ModelsDir());
  const std::vector<SurfacePoint> points = MeshPoints(*model);
  const Eigen::Matrix3Xd vertices =
      model->Evaluate(Coefficients(model->IdentityDims(), "identity"), {});
  Eigen::Matrix3Xd targets(3, static_cast<Eigen::Index>(points.size()));
  for (size_t i = 0; i < points.size(); ++i) {
    targets.col(static_cast<Eigen::Index>(i)) = Locate(points[i], vertices);
  }
  for (auto _ : state) benchmark::DoNotOptimize(FitShape(*model, points, targets));
}

#define MASKBENCH_HEAD_BENCHMARKS(name)                                     \
  BENCHMARK_CAPTURE(LoadModel, name, #name)->Unit(benchmark::kMillisecond); \
  BENCHMARK_CAPTURE(Evaluate, name, #name)->Unit(benchmark::kMicrosecond);  \
  BENCHMARK_CAPTURE(Jacobian, name, #name)->Unit(benchmark::kMicrosecond);  \
  BENCHMARK_CAPTURE(Fit, name, #name)->Unit(benchmark::kMillisecond)
MASKBENCH_HEAD_BENCHMARKS(parametric);
MASKBENCH_HEAD_BENCHMARKS(canonical468);

}  // namespace
}  // namespace maskbench
