// What a frame of the digital mask costs, on one core, by stage: 640 × 480, a face of 2.1 px per mm
// that fills half of the picture, head, eyes and lids in motion. Argument: 0 parametric,
// 1 canonical468.
#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <vector>

#include <benchmark/benchmark.h>

#include "maskbench/core/files.h"
#include "maskbench/masking/mask_renderer.h"
#include "maskbench/media/video_writer.h"
#include "maskbench/render/renderer.h"

namespace maskbench {
namespace {

constexpr int kFrames = 64;
constexpr double kPxPerMm = 2.1;

std::filesystem::path AssetsDir() {
  const char* folder = std::getenv("MASKBENCH_ASSETS");
  return folder != nullptr ? folder : MASKBENCH_ASSETS_DIR;
}

/// A face with all that is asked of it in a recording.
struct Subject {
  MaskHeader header;
  std::unique_ptr<MaskFace> face;
  std::vector<MaskFrame> frames;
  std::vector<MaskFace::Posed> posed;
  std::vector<Actor::Posed> states;
};

const Subject& TheSubject(std::int64_t model) {
  static std::array<std::unique_ptr<Subject>, 2> subjects;
  std::unique_ptr<Subject>& made = subjects[static_cast<size_t>(model)];
  if (made) return *made;
  made = std::make_unique<Subject>();
  MaskHeader& header = made->header;
  header.picture_px = {640, 480};
  header.rate = {60, 1};
  header.model = model == 0 ? "parametric" : "canonical468";
  header.focal_px = header.camera_distance_mm * kPxPerMm;
  made->face = std::make_unique<MaskFace>(header, AssetsDir() / "models");
  for (int i = 0; i < kFrames; ++i) {
    const double t = 0.1 * i;
    MaskFrame frame;
    frame.status = MaskStatus::kSeen;
    frame.opacity = 1;
    frame.px_per_mm = kPxPerMm;
    frame.place_px = {319.5, 209.5};
    frame.yaw_deg = 8 * std::sin(t);
    frame.pitch_deg = 4 * std::sin(1.3 * t);
    frame.roll_deg = 3 * std::sin(0.7 * t);
    for (MaskEye& eye : frame.eyes) {
      eye.status = MaskEyeStatus::kOpen;
      eye.azimuth_deg = -8 * std::sin(t) + 2 * std::sin(5 * t);
      eye.elevation_deg = 5 * std::sin(2 * t);
      eye.mrd1_mm = 3.5 + std::sin(3 * t);
      eye.mrd2_mm = 5;
      eye.aperture_mm = eye.mrd1_mm + eye.mrd2_mm;
    }
    made->frames.push_back(frame);
    made->posed.push_back(made->face->Pose(header, frame));
    made->states.push_back(made->face->actor().Pose(made->posed.back().pose));
  }
  return *made;
}

size_t Next(size_t i) { return (i + 1) % kFrames; }

void SolveLidsAndAxes(benchmark::State& state) {
  const Subject& subject = TheSubject(state.range(0));
  size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(subject.face->Pose(subject.header, subject.frames[i]));
    i = Next(i);
  }
}

void PoseMesh(benchmark::State& state) {
  const Subject& subject = TheSubject(state.range(0));
  size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(subject.face->actor().Pose(subject.posed[i].pose));
    i = Next(i);
  }
}

Lighting Light() {
  Lighting lighting;
  DirectionalLight key;
  key.wrap = 0.15f;
  lighting.lights = {key};
  return lighting;
}

void PlaceScene(benchmark::State& state) {
  const Subject& subject = TheSubject(state.range(0));
  const ToneCurve tone(0.8f);
  HeadPainter painter(subject.face->actor(), Light(), {0.4f, 0.4f, 0.4f}, tone);
  size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        painter.Place(subject.posed[i].camera, subject.posed[i].pose, subject.states[i], {}));
    i = Next(i);
  }
}

void PlaceAndPaint(benchmark::State& state) {
  const Subject& subject = TheSubject(state.range(0));
  const ToneCurve tone(0.8f);
  HeadPainter painter(subject.face->actor(), Light(), {0.4f, 0.4f, 0.4f}, tone);
  cv::Mat bgr(subject.header.picture_px, CV_8UC3);
  size_t i = 0;
  for (auto _ : state) {
    const cv::Rect area =
        painter.Place(subject.posed[i].camera, subject.posed[i].pose, subject.states[i], {});
    painter.Paint(area, &bgr);
    benchmark::DoNotOptimize(bgr.data);
    i = Next(i);
  }
}

/// The same scene with the Renderer, for comparison.
void WithTheRenderer(benchmark::State& state) {
  const Subject& subject = TheSubject(state.range(0));
  Renderer renderer;
  RenderedFrame frame;
  RenderOptions options;
  options.shadows = false;
  size_t i = 0;
  for (auto _ : state) {
    Scene scene;
    scene.camera = subject.posed[i].camera;
    scene.lighting = Light();
    subject.face->actor().AddTo(subject.posed[i].pose, subject.states[i], &scene);
    renderer.Render(scene, options, &frame);
    benchmark::DoNotOptimize(frame.linear.data);
    i = Next(i);
  }
}

/// All stages.
void Draw(benchmark::State& state) {
  const Subject& subject = TheSubject(state.range(0));
  MaskRenderer renderer(*subject.face, subject.header);
  cv::Mat bgr;
  size_t i = 0;
  for (auto _ : state) {
    renderer.Draw(subject.frames[i], &bgr);
    benchmark::DoNotOptimize(bgr.data);
    i = Next(i);
  }
  state.SetItemsProcessed(state.iterations());
}

/// H.264 as it is delivered by default; x264 may use threads of its own.
void Encode(benchmark::State& state) {
  const Subject& subject = TheSubject(state.range(0));
  MaskRenderer renderer(*subject.face, subject.header);
  std::vector<cv::Mat> pictures(kFrames);
  for (size_t i = 0; i < pictures.size(); ++i) renderer.Draw(subject.frames[i], &pictures[i]);
  const TemporaryFolder folder;
  const auto writer = VideoWriter::Delivery(folder.path() / "mask.mp4", subject.header.picture_px,
                                            subject.header.rate, DeliveryOptions());
  size_t i = 0;
  for (auto _ : state) {
    writer->Write(pictures[i]);
    i = Next(i);
  }
  writer->Finish();
}

BENCHMARK(SolveLidsAndAxes)->DenseRange(0, 1)->Unit(benchmark::kMillisecond);
BENCHMARK(PoseMesh)->DenseRange(0, 1)->Unit(benchmark::kMillisecond);
BENCHMARK(PlaceScene)->DenseRange(0, 1)->Unit(benchmark::kMillisecond);
BENCHMARK(PlaceAndPaint)->DenseRange(0, 1)->Unit(benchmark::kMillisecond);
BENCHMARK(WithTheRenderer)->DenseRange(0, 1)->Unit(benchmark::kMillisecond);
BENCHMARK(Draw)->DenseRange(0, 1)->Unit(benchmark::kMillisecond);
BENCHMARK(Encode)->DenseRange(0, 1)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime();

}  // namespace
}  // namespace maskbench
