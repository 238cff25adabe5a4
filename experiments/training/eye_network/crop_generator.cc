#include "experiments/training/eye_network/crop_generator.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <fmt/format.h>
#include <opencv2/imgproc.hpp>

#include "maskbench/core/error.h"
#include "maskbench/core/parallel.h"
#include "maskbench/core/rng.h"
#include "maskbench/render/renderer.h"

#include "datasets/virtual_clinic/studio.h"
#include "experiments/training/eye_network/crop_camera.h"
#include "experiments/training/eye_network/crop_disguise.h"
#include "experiments/training/eye_network/crop_frame.h"
#include "experiments/training/eye_network/crop_people.h"
#include "experiments/training/eye_network/crop_shot.h"
#include "experiments/training/eye_network/crop_stage.h"

namespace maskbench::training {
namespace {

// Eyes, lids and lashes are drawn anew after so many frames.
constexpr int kFramesPerLook = 15;
constexpr int kSkinPx = 640;
// A reflex or a glare counts when it adds so much of what the camera shows as white.
constexpr float kReflexShare = 0.25f, kGlareShare = 0.6f;
// The camera shows what it exposes for at about a fifth of white.
constexpr float kWhitePerLevel = 4.5f;
constexpr double kPartial = 0.03;  // Share of crops that reach beyond the frame.

// Share of the opening that something stands before.
bool IsOccluded(const EyeField& field, const cv::Mat& labels) {
  float open = 0, covered = 0;
  for (int y = 0; y < field.area.height; ++y)
    for (int x = 0; x < field.area.width; ++x) {
      const float along = field.along.at<float>(y, x);
      if (along < 0 || along > 1) continue;
      // Shut eyes count by the line where the lids meet.
      const float here = std::max(field.globe.at<float>(y, x),
                                  std::abs(field.above_px.at<float>(y, x)) < 1 ? 0.5f : 0.0f);
      open += here;
      if (static_cast<Part>(labels.at<unsigned char>(y, x)) == Part::kOccluder) covered += here;
    }
  return covered > 0.05f * open;
}

float MeanLuminance(const cv::Mat& linear) {
  const cv::Scalar mean = cv::mean(linear);
  return static_cast<float>(0.2126 * mean[0] + 0.7152 * mean[1] + 0.0722 * mean[2]);
}

// Takes from the iris what is hidden at points of the patch, on top of what lids hide.
template <typename Hidden>
void HideIris(const Hidden& hidden, EyeLabel* label) {
  const float c = std::cos(label->iris_angle_rad), s = std::sin(label->iris_angle_rad);
  const int reach = static_cast<int>(label->iris_major_px) + 2;
  const int cx = cvRound(label->iris.x), cy = cvRound(label->iris.y);
  int all = 0, gone = 0;
  for (int y = cy - reach; y <= cy + reach; ++y)
    for (int x = cx - reach; x <= cx + reach; ++x) {
      const float dx = static_cast<float>(x) - label->iris.x;
      const float dy = static_cast<float>(y) - label->iris.y;
      if (std::hypot((c * dx + s * dy) / label->iris_major_px,
                     (c * dy - s * dx) / label->iris_minor_px) > 1)
        continue;
      ++all;
      gone += hidden(static_cast<float>(x), static_cast<float>(y)) ? 1 : 0;
    }
  if (gone == 0) return;
  label->iris_visible *= 1 - static_cast<float>(gone) / static_cast<float>(all);
  label->iris.seen = label->iris_visible >= kIrisSeen;
}

// Blanks what lies beyond an edge of the frame that crosses the patch's margin.
void CutByFrame(NamedRandom* random, EyeSample* sample) {
  const bool vertical = Chance(random, 0.6), far_end = Chance(random, 0.5);
  const int size = vertical ? kPatchWidth : kPatchHeight;
  const int lost = static_cast<int>(Between(random, 0.05, 0.42) * size);
  const int from = far_end ? size - lost : 0;
  const cv::Rect blank =
      vertical ? cv::Rect(from, 0, lost, kPatchHeight) : cv::Rect(0, from, kPatchWidth, lost);
  sample->patch(blank).setTo(cv::Scalar(0, 0, 0));
  const auto beyond = [&](float x, float y) {
    const float at = vertical ? x : y;
    return far_end ? at > static_cast<float>(from) - 0.5f : at < static_cast<float>(lost) - 0.5f;
  };
  const auto hide = [&](LabelPoint* point) {
    if (beyond(point->x, point->y)) point->seen = 0;
  };
  EyeLabel& label = sample->label;
  HideIris(beyond, &label);
  for (LabelPoint* point : {&label.medial, &label.lateral, &label.pupil, &label.reflex})
    hide(point);
  for (auto* margin : {&label.upper, &label.lower})
    for (LabelPoint& point : *margin) hide(&point);
}

}  // namespace

class CropGenerator::Impl {
 public:
  Impl(const virtual_clinic::Studio& studio, bool randomised)
      : stage_(studio.head()), randomised_(randomised) {}

  std::vector<EyeSample> Samples(std::uint64_t seed, int index, int frames) const {
    if (seed >= kFirstOutsideSeed)
      throw UsageError(
          fmt::format("Crops for training cannot have seed {}: seeds from {} on are left to "
                      "evaluators outside.",
                      seed, kFirstOutsideSeed));
    if (index < 0 || frames < 1)
      throw UsageError(
          fmt::format("Crops of training subject {} with {} frames make no sense.", index, frames));
    const std::string id = TrainingSubjectId(index);
    const virtual_clinic::Subject subject = randomised_
                                                ? DrawTrainingSubject(stage_.head(), seed, index)
                                                : DrawPlainSubject(stage_.head(), seed, index);
    const auto skin = stage_.Skin(subject.skin, kSkinPx);
    const Eigen::Matrix3Xd shape = virtual_clinic::SubjectShape(stage_.head(), subject);
    std::vector<EyeSample> samples;
    std::shared_ptr<const Actor> actor;
    Renderer renderer;
    CropShot shot;
    for (int f = 0; f < frames; ++f) {
      if (f == 0 || (randomised_ && f % kFramesPerLook == 0))
        actor = Cast(seed, id, f / kFramesPerLook, subject, shape, skin);
      const std::string name = id + " " + std::to_string(f);
      NamedRandom random(seed, name, "train frame");
      const CropFrame frame =
          randomised_ ? DrawFrame(*actor, &random) : DrawPlainFrame(*actor, &random);
      Shoot(frame, *actor, &renderer, &shot);
      Develop(seed, name, frame, shot, &samples);
      for (size_t s = samples.size() - 2; s < samples.size(); ++s) {
        samples[s].label.subject = index;
        samples[s].label.ancestry = static_cast<std::uint8_t>(subject.stratum.ancestry);
      }
    }
    return samples;
  }

 private:
  std::shared_ptr<const Actor> Cast(std::uint64_t seed, const std::string& id, int look,
                                    virtual_clinic::Subject subject, const Eigen::Matrix3Xd& shape,
                                    const std::shared_ptr<const Material>& skin) const {
    NamedRandom random(seed, id + " look " + std::to_string(look), "train look");
    std::array<double, 2> fissure_mm = UsualFissureMm(subject);
    if (randomised_) DrawLook(&random, &subject, &fissure_mm);
    Appearance appearance;
    appearance.skin = skin;
    appearance.eyes = subject.eyes;
    appearance.lids = subject.lids;
    appearance.lashes = subject.lashes;
    appearance.eye_textures[0] = std::make_shared<EyeTextures>(subject.eye_colours[0]);
    const bool alike = subject.eye_colours[0].melanin == subject.eye_colours[1].melanin;
    appearance.eye_textures[1] =
        alike ? appearance.eye_textures[0] : std::make_shared<EyeTextures>(subject.eye_colours[1]);
    return stage_.Cast(shape, subject.head, fissure_mm, std::move(appearance));
  }

  // Makes a photograph of each eye and cuts the patch from it.
  void Develop(std::uint64_t seed, const std::string& name, const CropFrame& frame,
               const CropShot& shot, std::vector<EyeSample>* samples) const {
    for (Side side : kSides) {
      const EyeShot& eye = shot.eyes[static_cast<size_t>(side)];
      NamedRandom random(seed, name + " " + ToString(side), "train eye");
      EyeSample sample;
      EyeLabel& label = sample.label;
      label = eye.label;
      const cv::Mat parts = shot.picture.labels(eye.area);
      cv::Mat linear = shot.picture.linear(eye.area).clone();
      const float white = kWhitePerLevel * std::max(0.003f, MeanLuminance(linear));
      const EyeField field = MakeEyeField(eye.truth, eye.px_per_mm, eye.area);
      label.occluded = IsOccluded(field, parts);
      if (randomised_)
        label.make_up = PaintDisguise(field, eye.truth, parts, white, &random, &linear).make_up;
      if (eye.reflex_radiance < kReflexShare * white) label.reflex.seen = 0;
      if (frame.glasses) {
        Camera camera = shot.camera;
        camera.principal_px -= Eigen::Vector2d(eye.area.x, eye.area.y);
        cv::Mat glare = cv::Mat::zeros(linear.size(), CV_32F);
        for (Side lens : kSides)
          PaintLens(*frame.glasses, lens, frame.pose.head, camera, parts, &linear, &glare);
        Dazzle(glare, eye.placement, eye.area.tl(), kGlareShare * white, &label);
      }
      const float level = MeanLuminance(linear);
      const cv::Mat photo = randomised_ ? Photograph(linear, level, label.source_iris_px, &random)
                                        : PlainPhotograph(linear, level, &random);
      EyePlacement here = eye.placement;
      here.centre_px -= cv::Point2d(eye.area.x, eye.area.y);
      CutEye(photo, here, &sample.patch, {kPatchWidth, kPatchHeight});
      if (randomised_ && Chance(&random, kPartial)) CutByFrame(&random, &sample);
      samples->push_back(std::move(sample));
    }
  }

  // Points under a strong reflection on a lens are not seen.
  static void Dazzle(const cv::Mat& glare, const EyePlacement& placement, cv::Point2d origin,
                     float limit, EyeLabel* label) {
    const cv::Matx23d to_picture = placement.FrameFromCrop({kPatchWidth, kPatchHeight});
    const auto dazzled = [&](float px, float py) {
      const cv::Point2d p = Transform(to_picture, {px, py}) - origin;
      const int x = cvRound(p.x), y = cvRound(p.y);
      if (x < 0 || y < 0 || x >= glare.cols || y >= glare.rows) return false;
      return glare.at<float>(y, x) > limit;
    };
    const auto hide = [&](LabelPoint* point) {
      if (dazzled(point->x, point->y)) point->seen = 0;
    };
    HideIris(dazzled, label);
    for (LabelPoint* point : {&label->medial, &label->lateral, &label->pupil, &label->reflex})
      hide(point);
    for (auto* margin : {&label->upper, &label->lower})
      for (LabelPoint& point : *margin) hide(&point);
  }

  CropStage stage_;
  bool randomised_;
};

CropGenerator::CropGenerator(const virtual_clinic::Studio& studio, bool randomised)
    : impl_(std::make_unique<Impl>(studio, randomised)) {}
CropGenerator::~CropGenerator() = default;

std::vector<EyeSample> CropGenerator::Samples(std::uint64_t seed, int index, int frames) const {
  return impl_->Samples(seed, index, frames);
}

std::vector<EyeSample> MakeSamples(const virtual_clinic::Studio& studio, std::uint64_t seed,
                                   int index, int frames) {
  return CropGenerator(studio).Samples(seed, index, frames);
}

void MakeCrops(const virtual_clinic::Studio& studio, const CropRecipe& recipe,
               const std::filesystem::path& folder, int threads,
               const std::function<void(int, int)>& progress) {
  if (recipe.subjects < 1 || recipe.frames < 1 || threads < 1)
    throw UsageError("Crops need at least one subject, one frame and one thread.");
  std::filesystem::create_directories(folder);
  const CropGenerator generator(studio, recipe.randomised);
  const auto make_shard = [&](int index) {
    const std::filesystem::path file = ShardFile(folder, index);
    if (IsShardOf(file, recipe.seed, index, recipe.frames, recipe.randomised)) return;
    Shard shard;
    shard.seed = recipe.seed;
    shard.subject = index;
    shard.frames = recipe.frames;
    shard.randomised = recipe.randomised;
    for (const EyeSample& sample : generator.Samples(recipe.seed, index, recipe.frames)) {
      const auto* bytes = sample.patch.ptr<std::uint8_t>();
      shard.patches.insert(shard.patches.end(), bytes, bytes + Shard::kPatchBytes);
      shard.labels.push_back(sample.label);
    }
    WriteShard(shard, file);
  };
  DoCases(
      recipe.subjects, threads, [&] { return std::function<void(int)>(make_shard); }, progress);
}

}  // namespace maskbench::training
