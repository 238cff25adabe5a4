// What the fit of the face costs: a frame, a look at a frame, the identity of a recording. Faces
// are made from the head models themselves; uses the imported heads.
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <Eigen/Geometry>
#include <benchmark/benchmark.h>

#include "maskbench/core/rng.h"
#include "maskbench/head/head_registry.h"
#include "maskbench/reconstruct/face_fit.h"

namespace maskbench {
namespace {

constexpr int kFrames = 200;
constexpr double kFocal_px = 1300, kDistance_mm = 650;
const cv::Size kPicture_px(640, 480);

std::filesystem::path ModelsDir() {
  const char* folder = std::getenv("MASKBENCH_ASSETS");
  return std::filesystem::path(folder != nullptr ? folder : MASKBENCH_ASSETS_DIR) / "models";
}

/// A random person who turns the head and moves all of the face, with noise of a pixel.
std::vector<MeshFrame> Recording(const HeadModel& model) {
  NamedRandom random(1, "face_fit_bench", "recording");
  Eigen::VectorXd identity = Eigen::VectorXd::Zero(model.IdentityDims());
  for (double& value : identity.head(40)) value = random.Normal();
  std::vector<MeshFrame> frames;
  for (int f = 0; f < kFrames; ++f) {
    Eigen::VectorXd expression(model.ExpressionDims());
    for (Eigen::Index e = 0; e < expression.size(); ++e)
      expression[e] = std::max(0.0, 0.4 * std::sin(0.05 * f * static_cast<double>(1 + e % 5) + e));
    const Eigen::Matrix3Xd vertices = model.Evaluate(identity, expression);
    const Eigen::Matrix3d facing =
        Eigen::Vector3d(1, -1, -1).asDiagonal() *
        (Eigen::AngleAxisd(0.25 * std::sin(0.04 * f), Eigen::Vector3d::UnitY()) *
         Eigen::AngleAxisd(0.15 * std::sin(0.03 * f), Eigen::Vector3d::UnitX()))
            .toRotationMatrix();
    MeshFrame frame;
    frame.mesh_px.resize(3, kMeshPoints);
    const Eigen::Vector2d middle((kPicture_px.width - 1) / 2.0, (kPicture_px.height - 1) / 2.0);
    for (int k = 0; k < kMeshPoints; ++k) {
      const Eigen::Vector3d point =
          facing * Locate(*model.Topology().mesh468[static_cast<size_t>(k)], vertices) +
          Eigen::Vector3d(0, 0, kDistance_mm);
      const double scale = kFocal_px / point.z();
      frame.mesh_px.col(k) << static_cast<float>(scale * point.x() + middle.x() + random.Normal()),
          static_cast<float>(scale * point.y() + middle.y() + random.Normal()),
          static_cast<float>((point.z() - kDistance_mm) * kFocal_px / kDistance_mm);
    }
    frame.head.seen = true;
    frame.head.rotation = Eigen::Vector3d(1, -1, -1).asDiagonal() * facing;
    frame.head.scale_px = kFocal_px / kDistance_mm;
    frame.head.origin_px = {middle.x(), -middle.y(), 0};
    frames.push_back(std::move(frame));
  }
  return frames;
}

FaceFitOptions Options(bool given_pose) {
  FaceFitOptions options;
  options.picture_px = kPicture_px;
  options.given_pose = given_pose;
  return options;
}

void FitFrame(benchmark::State& state, const std::string& name, bool given_pose) {
  const auto model = MakeHeadModel(name, ModelsDir());
  const std::vector<MeshFrame> frames = Recording(*model);
  FaceFitter fitter(*model, Options(given_pose));
  for (const MeshFrame& frame : frames) fitter.Look(frame);
  fitter.SolveIdentity();
  size_t next = 0;
  std::int64_t steps = 0;
  for (auto _ : state) {
    const FacePose pose = fitter.Fit(frames[next++ % frames.size()]);
    steps += pose.iterations;
  }
  state.counters["steps"] =
      benchmark::Counter(static_cast<double>(steps), benchmark::Counter::kAvgIterations);
}

void LookAtFrame(benchmark::State& state, const std::string& name) {
  const auto model = MakeHeadModel(name, ModelsDir());
  const std::vector<MeshFrame> frames = Recording(*model);
  FaceFitter fitter(*model, Options(true));
  size_t next = 0;
  for (auto _ : state) fitter.Look(frames[next++ % frames.size()]);
}

void SolveIdentity(benchmark::State& state, const std::string& name, bool given_pose) {
  const auto model = MakeHeadModel(name, ModelsDir());
  FaceFitter fitter(*model, Options(given_pose));
  for (const MeshFrame& frame : Recording(*model)) fitter.Look(frame);
  for (auto _ : state) fitter.SolveIdentity();
}

#define MASKBENCH_FACE_BENCHMARKS(name)                                                            \
  BENCHMARK_CAPTURE(FitFrame, name##_given_pose, #name, true)->Unit(benchmark::kMicrosecond);      \
  BENCHMARK_CAPTURE(FitFrame, name##_fitted_pose, #name, false)->Unit(benchmark::kMicrosecond);    \
  BENCHMARK_CAPTURE(LookAtFrame, name, #name)->Unit(benchmark::kMicrosecond);                      \
  BENCHMARK_CAPTURE(SolveIdentity, name##_given_pose, #name, true)->Unit(benchmark::kMillisecond); \
  BENCHMARK_CAPTURE(SolveIdentity, name##_fitted_pose, #name, false)->Unit(benchmark::kMillisecond)
MASKBENCH_FACE_BENCHMARKS(parametric);
MASKBENCH_FACE_BENCHMARKS(canonical468);

}  // namespace
}  // namespace maskbench
