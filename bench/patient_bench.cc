// Frames of virtual patients as the clinic draws them, one thread. Filter with --benchmark_filter.

#include <cstdlib>
#include <filesystem>
#include <memory>

#include <benchmark/benchmark.h>

#include "maskbench/render/renderer.h"
#include "maskbench/render/sensor.h"

#include "datasets/virtual_clinic/contact_sheets.h"
#include "datasets/virtual_clinic/studio.h"

namespace maskbench {
namespace {

using virtual_clinic::Studio;
using virtual_clinic::Subject;

const Studio& TheStudio() {
  const char* assets = std::getenv("MASKBENCH_ASSETS");
  const std::filesystem::path folder = assets != nullptr ? assets : MASKBENCH_ASSETS_DIR;
  static const Studio studio(folder / "models", folder / "npm");
  return studio;
}

Subject Person(const char* hair) {
  Subject subject = virtual_clinic::DrawSubject(TheStudio().head(), 5, "bench",
                                                virtual_clinic::EvenStratum(5, 2));
  subject.hair_style = hair;
  return subject;
}

// A head whose shoulders reach the picture's lower edge, eyes and lids moving.
struct Take {
  explicit Take(const char* hair) : actor(TheStudio().Cast(Person(hair))) {
    scene.lighting = virtual_clinic::RoomLight(0);
    scene.camera.focal_px = 1050;
  }
  ActorPose Pose(int frame) const {
    ActorPose pose;
    pose.head = maskbench::Pose::OfHead(5 * std::sin(0.1 * frame), 0, 0, {0, 20, 650});
    for (Side side : kSides) {
      pose.eyes[static_cast<int>(side)].azimuth_deg = 10 * std::sin(0.2 * frame);
      pose.lids[static_cast<int>(side)] = actor->RestingLids(side);
    }
    return pose;
  }
  std::shared_ptr<const Actor> actor;
  Scene scene;
};

void Draw(benchmark::State& state, const char* hair, bool truth) {
  const Take take(hair);
  Renderer renderer;
  RenderedFrame picture;
  RenderOptions options;
  options.labels = options.depth = truth;
  int frame = 0;
  for (auto _ : state) {
    const ActorPose pose = take.Pose(frame++);
    const Actor::Posed posed = take.actor->Pose(pose);
    Scene scene = take.scene;
    take.actor->AddTo(pose, posed, &scene);
    renderer.Render(scene, options, &picture);
    if (truth) benchmark::DoNotOptimize(take.actor->Truth(pose, posed, scene, &picture));
    benchmark::DoNotOptimize(picture.linear.data);
  }
  state.SetItemsProcessed(state.iterations());
}

void BM_Frame_NoHair(benchmark::State& state) { Draw(state, "", false); }
void BM_Frame_ShortHair(benchmark::State& state) { Draw(state, "short01", false); }
void BM_Frame_LongHair(benchmark::State& state) { Draw(state, "long01", false); }
void BM_Frame_LongHair_Truth(benchmark::State& state) { Draw(state, "long01", true); }
BENCHMARK(BM_Frame_NoHair)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_Frame_ShortHair)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_Frame_LongHair)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_Frame_LongHair_Truth)->Unit(benchmark::kMillisecond);

void BM_Develop(benchmark::State& state) {
  const Take take("");
  const ActorPose pose = take.Pose(0);
  Scene scene = take.scene;
  take.actor->AddTo(pose, take.actor->Pose(pose), &scene);
  Renderer renderer;
  const RenderedFrame picture = renderer.Render(scene);
  std::int64_t frame = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(Develop(picture.linear, SensorRecipe(), 1, frame++).data);
  }
}
BENCHMARK(BM_Develop)->Unit(benchmark::kMillisecond);

void BM_PoseAndScene(benchmark::State& state) {
  const Take take("long01");
  int frame = 0;
  for (auto _ : state) {
    const ActorPose pose = take.Pose(frame++);
    Scene scene = take.scene;
    take.actor->AddTo(pose, take.actor->Pose(pose), &scene);
    benchmark::DoNotOptimize(scene.meshes.data());
  }
}
BENCHMARK(BM_PoseAndScene)->Unit(benchmark::kMillisecond);

void BM_SolveLids(benchmark::State& state) {
  const Take take("");
  const ActorPose pose = take.Pose(0);
  for (auto _ : state)
    benchmark::DoNotOptimize(
        take.actor->Lids(Side::kLeft, pose, 2.0, 5.0, Eigen::Vector3d::Zero()));
}
BENCHMARK(BM_SolveLids)->Unit(benchmark::kMillisecond);

void BM_Cast(benchmark::State& state) {
  const Subject person = Person("short01");
  for (auto _ : state) benchmark::DoNotOptimize(TheStudio().Cast(person));
}
BENCHMARK(BM_Cast)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace maskbench
