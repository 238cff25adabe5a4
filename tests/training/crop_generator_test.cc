#include "experiments/training/eye_network/crop_generator.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"

#include "datasets/the_studio.h"
#include "datasets/virtual_clinic/studio.h"
#include "experiments/training/eye_network/crop_camera.h"
#include "experiments/training/eye_network/crop_disguise.h"
#include "experiments/training/eye_network/crop_eyewear.h"
#include "experiments/training/eye_network/crop_people.h"
#include "experiments/training/eye_network/crop_shot.h"
#include "experiments/training/eye_network/crop_stage.h"

namespace maskbench::training {
namespace {

const CropGenerator& TheGenerator() {
  static const CropGenerator generator(TheStudio());
  return generator;
}

const CropStage& TheStage() {
  static const CropStage stage(TheStudio().head());
  return stage;
}

// A training person without lashes, whose label images show the margins themselves.
std::shared_ptr<const Actor> Lashless(int index) {
  virtual_clinic::Subject subject = DrawTrainingSubject(TheStage().head(), 5, index);
  NamedRandom random(5, TrainingSubjectId(index), "test look");
  std::array<double, 2> fissure_mm{};
  DrawLook(&random, &subject, &fissure_mm);
  Appearance look;
  look.skin = TheStage().Skin(subject.skin, 256);
  look.eyes = subject.eyes;
  look.lids = subject.lids;
  look.lashes.reset();
  for (size_t s = 0; s < 2; ++s)
    look.eye_textures[s] = std::make_shared<EyeTextures>(subject.eye_colours[s]);
  return TheStage().Cast(virtual_clinic::SubjectShape(TheStage().head(), subject), subject.head,
                         fissure_mm, look);
}

// Random frames of a person with nothing before the eyes and irises so many pixels wide.
std::vector<CropFrame> ClearFrames(const Actor& actor, int count, double iris_px) {
  std::vector<CropFrame> frames;
  for (int k = 0; k < count; ++k) {
    NamedRandom random(5, "frame " + std::to_string(k), "test");
    CropFrame frame = DrawFrame(actor, &random);
    frame.glasses.reset();
    frame.occluders.clear();
    frame.focal_px = iris_px / (2 * actor.appearance().eyes[0].limbus_horizontal_mm) *
                     frame.pose.head.translation_mm.z();
    frames.push_back(std::move(frame));
  }
  return frames;
}

bool IsGlobe(unsigned char label) {
  const Part part = static_cast<Part>(label);
  return part == Part::kSclera || part == Part::kIris || part == Part::kPupil ||
         part == Part::kCaruncle;
}

// Distance in pixels to the nearest border between globe and anything else; `limit` when farther.
double ToBorder(const cv::Mat& labels, cv::Point2d at, double limit) {
  double best = limit;
  const int reach = static_cast<int>(limit) + 2;
  const int cx = cvRound(at.x), cy = cvRound(at.y);
  for (int y = std::max(0, cy - reach); y <= std::min(labels.rows - 2, cy + reach); ++y)
    for (int x = std::max(0, cx - reach); x <= std::min(labels.cols - 2, cx + reach); ++x) {
      const bool here = IsGlobe(labels.at<unsigned char>(y, x));
      if (here != IsGlobe(labels.at<unsigned char>(y + 1, x))) {
        // The border is a line one pixel long.
        const double dx = std::max(0.0, std::abs(at.x - x) - 0.5);
        best = std::min(best, std::hypot(dx, at.y - y - 0.5));
      }
      if (here != IsGlobe(labels.at<unsigned char>(y, x + 1))) {
        const double dy = std::max(0.0, std::abs(at.y - y) - 0.5);
        best = std::min(best, std::hypot(at.x - x - 0.5, dy));
      }
    }
  return best;
}

TEST(CropShot, MarginsLieOnTheBorderOfTheGlobe) {
  Renderer renderer;
  CropShot shot;
  std::vector<double> distances_px;
  for (int person = 0; person < 4; ++person) {
    const auto actor = Lashless(person);
    for (const CropFrame& frame : ClearFrames(*actor, 8, 40)) {
      Shoot(frame, *actor, &renderer, &shot);
      for (const EyeShot& eye : shot.eyes) {
        const cv::Matx23d to_picture = eye.placement.FrameFromCrop({kPatchWidth, kPatchHeight});
        for (size_t k = 3; k + 3 < eye.label.upper.size(); ++k) {
          const LabelPoint &upper = eye.label.upper[k], &lower = eye.label.lower[k];
          const cv::Point2d top = Transform(to_picture, {upper.x, upper.y}),
                            bottom = Transform(to_picture, {lower.x, lower.y});
          if (std::hypot(top.x - bottom.x, top.y - bottom.y) < 4) continue;
          if (upper.seen) distances_px.push_back(ToBorder(shot.picture.labels, top, 10));
          if (lower.seen) distances_px.push_back(ToBorder(shot.picture.labels, bottom, 10));
        }
      }
    }
  }
  ASSERT_GT(distances_px.size(), 500u);
  std::sort(distances_px.begin(), distances_px.end());
  const auto quantile = [&](double q) {
    return distances_px[static_cast<size_t>(q * static_cast<double>(distances_px.size() - 1))];
  };
  EXPECT_LE(quantile(0.5), 0.3);
  EXPECT_LE(quantile(0.9), 0.5);
  EXPECT_LE(quantile(0.97), 1.5);
}

TEST(CropShot, IrisEllipseOverlaysTheDrawnIris) {
  Renderer renderer;
  CropShot shot;
  const auto actor = Lashless(7);
  int inside = 0, astray = 0, far_astray = 0, missed = 0;
  for (const CropFrame& frame : ClearFrames(*actor, 24, 40)) {
    Shoot(frame, *actor, &renderer, &shot);
    for (const EyeShot& eye : shot.eyes) {
      // The iris alone as a picture, cut as the patch is.
      cv::Mat iris(shot.picture.labels.size(), CV_8UC3, cv::Scalar::all(0)), sclera = iris.clone();
      for (int y = 0; y < iris.rows; ++y)
        for (int x = 0; x < iris.cols; ++x) {
          const Part part = static_cast<Part>(shot.picture.labels.at<unsigned char>(y, x));
          if (part == Part::kIris || part == Part::kPupil)
            iris.at<cv::Vec3b>(y, x) = {255, 255, 255};
          if (part == Part::kSclera) sclera.at<cv::Vec3b>(y, x) = {255, 255, 255};
        }
      cv::Mat iris_patch, sclera_patch;
      CutEye(iris, eye.placement, &iris_patch, {kPatchWidth, kPatchHeight});
      CutEye(sclera, eye.placement, &sclera_patch, {kPatchWidth, kPatchHeight});
      const EyeLabel& label = eye.label;
      const double c = std::cos(label.iris_angle_rad), s = std::sin(label.iris_angle_rad);
      const auto level = [&](int x, int y, double grow_px) {
        const double dx = x - label.iris.x, dy = y - label.iris.y;
        return std::hypot((c * dx + s * dy) / (label.iris_major_px + grow_px),
                          (c * dy - s * dx) / (label.iris_minor_px + grow_px));
      };
      for (int y = 0; y < kPatchHeight; ++y)
        for (int x = 0; x < kPatchWidth; ++x) {
          if (iris_patch.at<cv::Vec3b>(y, x)[0] > 250) {
            ++inside;
            if (level(x, y, 0.3) > 1) ++astray;
            if (level(x, y, 0.6) > 1) ++far_astray;
          }
          if (sclera_patch.at<cv::Vec3b>(y, x)[0] > 250 && level(x, y, -0.3) < 1) ++missed;
        }
    }
  }
  ASSERT_GT(inside, 3000);
  // 0.3 px of a patch are half a pixel of the picture here, which is how finely labels are drawn.
  EXPECT_LE(astray, inside / 1000);
  EXPECT_LE(missed, inside / 1000);
  EXPECT_EQ(far_astray, 0);
}

TEST(CropShot, ScaleFitsTheIrisInFrontalGaze) {
  Renderer renderer;
  CropShot shot;
  const auto actor = Lashless(3);
  for (const double iris_px : {9.0, 20.0, 50.0}) {
    CropFrame frame = ClearFrames(*actor, 1, iris_px)[0];
    for (Side side : kSides) {
      const size_t s = static_cast<size_t>(side);
      actor->Fixate(side, Eigen::Vector3d::Zero(), &frame.pose);
      // The pupillary axis, not the visual one, into the camera.
      const Eigen::Vector3d camera =
          frame.pose.head.rotation.transpose() * -frame.pose.head.translation_mm;
      const Eigen::Vector2d angles = GazeAngles(camera - frame.posed.eyes[s].globe_centre_mm);
      frame.pose.eyes[s].azimuth_deg = angles.x();
      frame.pose.eyes[s].elevation_deg = angles.y();
    }
    frame.posed = actor->Pose(frame.pose);
    Shoot(frame, *actor, &renderer, &shot);
    for (size_t s = 0; s < 2; ++s) {
      const EyeShape& shape = actor->appearance().eyes[s];
      const EyeLabel& label = shot.eyes[s].label;
      EXPECT_NEAR(label.px_per_mm * 2 * shape.limbus_horizontal_mm, 2 * label.iris_major_px,
                  0.01 * 2 * label.iris_major_px);
      EXPECT_NEAR(label.iris_minor_px / label.iris_major_px,
                  shape.limbus_vertical_mm / shape.limbus_horizontal_mm, 0.02);
      EXPECT_NEAR(label.source_iris_px, iris_px,
                  0.06 * iris_px);  // The other eye's size may differ.
    }
  }
}

TEST(CropShot, DistancesAreThoseOfTheMargins) {
  // In a frontal picture MRD1 + MRD2 is the opening in the column of the reflex.
  Renderer renderer;
  CropShot shot;
  const auto actor = Lashless(2);
  CropFrame frame = ClearFrames(*actor, 1, 30)[0];
  frame.pose.head = Pose::OfHead(0, 0, 0, {0, 0, 900});
  frame.lighting.reflex_position_mm = {0, 0, 0};
  frame.closure = {0, 0};
  for (Side side : kSides) {
    const size_t s = static_cast<size_t>(side);
    frame.pose.eyes[s] = EyePose();
    actor->Fixate(side, Eigen::Vector3d::Zero(), &frame.pose);
    frame.pose.lids[s] = actor->RestingLids(side);
    frame.pose.lids[s] = actor->Lids(side, frame.pose, s == 0 ? 2.5 : 5.5, 5.0, {0, 0, 0});
  }
  frame.posed = actor->Pose(frame.pose);
  Shoot(frame, *actor, &renderer, &shot);
  for (size_t s = 0; s < 2; ++s) {
    const EyeLabel& label = shot.eyes[s].label;
    EXPECT_NEAR(label.mrd1_mm, s == 0 ? 2.5 : 5.5, 0.02);
    EXPECT_NEAR(label.mrd2_mm, 5.0, 0.02);
    const auto at = [&](const std::array<LabelPoint, kMarginPoints>& margin) {
      for (size_t k = 0; k + 1 < margin.size(); ++k)
        if (margin[k].x <= label.reflex.x && margin[k + 1].x > label.reflex.x) {
          const float t = (label.reflex.x - margin[k].x) / (margin[k + 1].x - margin[k].x);
          return margin[k].y + t * (margin[k + 1].y - margin[k].y);
        }
      return std::nanf("");
    };
    EXPECT_NEAR((label.reflex.y - at(label.upper)) / label.px_per_mm, label.mrd1_mm, 0.15);
    EXPECT_NEAR((at(label.lower) - label.reflex.y) / label.px_per_mm, label.mrd2_mm, 0.15);
  }
}

TEST(CropShot, ShutLidsMeetInOneLine) {
  Renderer renderer;
  CropShot shot;
  const auto actor = Lashless(4);
  CropFrame frame = ClearFrames(*actor, 1, 20)[0];
  for (Side side : kSides) {
    const size_t s = static_cast<size_t>(side);
    frame.closure[s] = 1;
    frame.pose.lids[s] = CloseLids(actor->RestingLids(side), 1, actor->ClosedHeightMm(side));
  }
  frame.posed = actor->Pose(frame.pose);
  Shoot(frame, *actor, &renderer, &shot);
  for (const EyeShot& eye : shot.eyes) {
    EXPECT_EQ(eye.label.closure, 1);
    EXPECT_EQ(eye.label.iris.seen, 0);
    EXPECT_EQ(eye.label.pupil.seen, 0);
    EXPECT_EQ(eye.label.reflex.seen, 0);
    EXPECT_LE(eye.label.iris_visible, 0.01);
    for (size_t k = 4; k + 4 < eye.label.upper.size(); ++k) {
      const double gap = eye.label.lower[k].y - eye.label.upper[k].y;
      EXPECT_GE(gap, -1e-4) << k;
      EXPECT_LE(gap / eye.label.px_per_mm, 0.6) << k;
    }
  }
}

TEST(CropShot, WhatStandsBeforeTheEyeHidesPoints) {
  Renderer renderer;
  CropShot shot;
  const auto actor = Lashless(6);
  int covered = 0, rims = 0;
  for (int k = 0; k < 60 && (covered < 3 || rims < 3); ++k) {
    NamedRandom random(5, "before " + std::to_string(k), "test");
    const CropFrame frame = DrawFrame(*actor, &random);
    if (frame.occluders.empty() && !frame.glasses) continue;
    Shoot(frame, *actor, &renderer, &shot);
    covered += !frame.occluders.empty();
    rims += frame.glasses.has_value();
    for (const EyeShot& eye : shot.eyes)
      for (const auto* margin : {&eye.label.upper, &eye.label.lower})
        for (const LabelPoint& point : *margin) {
          const cv::Point2d at = Transform(eye.placement.FrameFromCrop({kPatchWidth, kPatchHeight}),
                                           {point.x, point.y});
          const Part part = static_cast<Part>(
              shot.picture.labels.at<unsigned char>(cvRound(at.y), cvRound(at.x)));
          if (part == Part::kOccluder || part == Part::kGlasses) {
            EXPECT_EQ(point.seen, 0);
          }
        }
  }
  EXPECT_GE(covered, 3);
  EXPECT_GE(rims, 3);
}

TEST(EyeField, KnowsTheGlobe) {
  Renderer renderer;
  CropShot shot;
  const auto actor = Lashless(1);
  double common = 0, either = 0;
  for (const CropFrame& frame : ClearFrames(*actor, 10, 40)) {
    Shoot(frame, *actor, &renderer, &shot);
    for (const EyeShot& eye : shot.eyes) {
      const EyeField field = MakeEyeField(eye.truth, eye.px_per_mm, eye.area);
      const cv::Mat labels = shot.picture.labels(eye.area);
      for (int y = 0; y < labels.rows; ++y)
        for (int x = 0; x < labels.cols; ++x) {
          if (field.along.at<float>(y, x) < 0 || field.along.at<float>(y, x) > 1) continue;
          const bool drawn = IsGlobe(labels.at<unsigned char>(y, x));
          const bool meant = field.globe.at<float>(y, x) > 0.5f;
          common += drawn && meant;
          either += drawn || meant;
        }
    }
  }
  EXPECT_GT(common / either, 0.93);
}

TEST(Disguise, LeavesOccludersAlone) {
  Renderer renderer;
  CropShot shot;
  const auto actor = Lashless(6);
  CropFrame frame = ClearFrames(*actor, 1, 20)[0];
  Shoot(frame, *actor, &renderer, &shot);
  const EyeShot& eye = shot.eyes[0];
  const EyeField field = MakeEyeField(eye.truth, eye.px_per_mm, eye.area);
  cv::Mat covered(eye.area.size(), CV_8U, cv::Scalar(static_cast<int>(Part::kOccluder)));
  const cv::Mat before = shot.picture.linear(eye.area).clone();
  int changed = 0;
  for (int k = 0; k < 10; ++k) {
    NamedRandom random(5, "covered " + std::to_string(k), "test"), same = random;
    cv::Mat plain = before.clone(), hidden = before.clone();
    PaintDisguise(field, eye.truth, shot.picture.labels(eye.area), 1.0f, &random, &plain);
    PaintDisguise(field, eye.truth, covered, 1.0f, &same, &hidden);
    const double difference = cv::norm(plain, before, cv::NORM_INF);
    changed += difference > 0.01;
    EXPECT_EQ(cv::norm(hidden, before, cv::NORM_INF), 0);
  }
  EXPECT_GE(changed, 8);
}

TEST(Eyewear, LensesAreTintedInsideTheirRims) {
  const std::array<Eigen::Vector3d, 2> centres = {Eigen::Vector3d(-31, 0, 0),
                                                  Eigen::Vector3d(31, 0, 0)};
  Pose head = Pose::OfHead(0, 0, 0, {0, 0, 600});
  Camera camera;
  camera.width_px = 320;
  camera.height_px = 160;
  camera.focal_px = 1200;
  camera.principal_px = {159.5, 79.5};
  const cv::Mat none = cv::Mat::zeros(160, 320, CV_8U);
  const cv::Mat rims(160, 320, CV_8U, cv::Scalar(static_cast<int>(Part::kGlasses)));
  for (int k = 0; k < 20; ++k) {
    NamedRandom random(5, "glasses " + std::to_string(k), "test");
    const Eyewear glasses = DrawEyewear(&random, centres, 1.0f);
    const cv::Mat before(160, 320, CV_32FC3, cv::Scalar(0.5, 0.4, 0.3));
    cv::Mat after = before.clone(), hidden = before.clone(),
            glare = cv::Mat::zeros(160, 320, CV_32F);
    PaintLens(glasses, Side::kLeft, head, camera, none, &after, &glare);
    PaintLens(glasses, Side::kLeft, head, camera, rims, &hidden, nullptr);
    EXPECT_EQ(cv::norm(hidden, before, cv::NORM_INF), 0);
    std::vector<cv::Point2f> outline;
    for (const Eigen::Vector3d& p : glasses.lenses[static_cast<size_t>(Side::kLeft)]) {
      const Eigen::Vector2d pixel = camera.Project(head * p);
      outline.emplace_back(static_cast<float>(pixel.x()), static_cast<float>(pixel.y()));
    }
    int tinted = 0;
    for (int y = 0; y < after.rows; ++y)
      for (int x = 0; x < after.cols; ++x) {
        const double inside = cv::pointPolygonTest(
            outline, cv::Point2f(static_cast<float>(x), static_cast<float>(y)), true);
        const bool same = after.at<cv::Vec3f>(y, x) == before.at<cv::Vec3f>(y, x);
        if (inside < -2.5) {  // Edges are drawn softly.
          ASSERT_TRUE(same);
          ASSERT_EQ(glare.at<float>(y, x), 0);
        }
        if (inside > 2.5) tinted += !same;
      }
    // The lens covers the eye, which is right of the middle of the picture.
    EXPECT_GT(cv::pointPolygonTest(outline, cv::Point2f(221.5f, 79.5f), false), 0);
    EXPECT_GT(tinted, 3000);
  }
}

TEST(Photograph, MovesNothing) {
  // A bright disc stays where it is, whatever camera and codec do.
  const cv::Size size(97, 81);
  const cv::Point2d centre(45.3, 41.6);
  cv::Mat linear(size, CV_32FC3);
  for (int y = 0; y < size.height; ++y)
    for (int x = 0; x < size.width; ++x) {
      const double far = std::hypot(x - centre.x, y - centre.y);
      const auto level = static_cast<float>(0.02 + 0.35 / (1 + std::exp(2 * (far - 14))));
      linear.at<cv::Vec3f>(y, x) = {level, level, level};
    }
  double worst = 0, sum_x = 0, sum_y = 0;
  constexpr int kShots = 60;
  for (int k = 0; k < kShots; ++k) {
    NamedRandom random(5, "disc " + std::to_string(k), "test");
    const cv::Mat picture = Photograph(linear, 0.12f, 20, &random);
    ASSERT_EQ(picture.size(), size);
    ASSERT_EQ(picture.type(), CV_8UC3);
    cv::Mat grey, inside;
    cv::cvtColor(picture, grey, cv::COLOR_BGR2GRAY);
    double low, high;
    cv::Mat soft;
    cv::GaussianBlur(grey, soft, {}, 1.5);
    cv::minMaxLoc(soft, &low, &high);
    if (high - low < 25) continue;  // Too dark or too bright to tell.
    cv::threshold(soft, inside, 0.5 * (low + high), 255, cv::THRESH_BINARY);
    const cv::Moments moments = cv::moments(inside, true);
    const double dx = moments.m10 / moments.m00 - centre.x,
                 dy = moments.m01 / moments.m00 - centre.y;
    worst = std::max(worst, std::hypot(dx, dy));
    sum_x += dx / kShots;
    sum_y += dy / kShots;
  }
  EXPECT_LT(worst, 0.5);
  EXPECT_LT(std::abs(sum_x), 0.05);
  EXPECT_LT(std::abs(sum_y), 0.05);
}

TEST(TrainingSubject, IsNobodyOfEvaluation) {
  const ParametricHead& head = TheStudio().head();
  std::set<std::uint64_t> evaluated;
  for (int k = 0; k < 60; ++k) {
    const virtual_clinic::Subject subject = virtual_clinic::DrawSubject(
        head, 1, "p" + std::string(k < 9 ? "000" : "00") + std::to_string(k + 1),
        virtual_clinic::EvenStratum(1, k));
    evaluated.insert(subject.withheld_seed);
    EXPECT_FALSE(subject.skin.package_skin.empty());
  }
  for (int k = 0; k < 60; ++k) {
    const virtual_clinic::Subject subject = DrawTrainingSubject(head, 1, k);
    EXPECT_EQ(evaluated.count(subject.withheld_seed), 0u);
    EXPECT_TRUE(subject.skin.package_skin.empty());
    EXPECT_EQ(subject.skin.package_strength, 0);
  }
}

TEST(CropStage, FissuresHaveTheWantedLength) {
  const virtual_clinic::Subject subject = DrawTrainingSubject(TheStage().head(), 5, 9);
  const Eigen::Matrix3Xd shape = virtual_clinic::SubjectShape(TheStage().head(), subject);
  Appearance look;
  look.skin = TheStage().Skin(subject.skin, 256);
  look.lashes.reset();
  for (auto& textures : look.eye_textures) textures = std::make_shared<EyeTextures>(EyeRecipe());
  const double own = TheStage().FissureMm(Side::kLeft, shape);
  EXPECT_GT(own, 20);
  EXPECT_LT(own, 28);
  const auto actor = TheStage().Cast(shape, subject.head, {26.0, 30.0}, look);
  ActorPose pose;
  for (Side side : kSides) pose.lids[static_cast<size_t>(side)] = actor->RestingLids(side);
  const Actor::Posed posed = actor->Pose(pose);
  for (size_t s = 0; s < 2; ++s) {
    const std::vector<int>& chain = actor->rig().surface().margins()[s].upper_inner;
    // Corners keep their column; the rig lays them on the globe.
    EXPECT_NEAR(std::abs(posed.positions(0, chain.front()) - posed.positions(0, chain.back())),
                s == 0 ? 26.0 : 30.0, 0.5);
  }
}

TEST(MakeSamples, RefusesWhatItMustNotMake) {
  EXPECT_THROW(MakeSamples(TheStudio(), 900000, 0, 1), UsageError);
  EXPECT_THROW(TheGenerator().Samples(kFirstOutsideSeed + 5, 0, 1), UsageError);
  EXPECT_THROW(TheGenerator().Samples(1, -1, 1), UsageError);
  EXPECT_THROW(TheGenerator().Samples(1, 0, 0), UsageError);
}

Shard ShardOf(const std::vector<EyeSample>& samples) {
  Shard shard;
  shard.seed = 1;
  shard.subject = 8;
  shard.frames = static_cast<int>(samples.size() / 2);
  for (const EyeSample& sample : samples) {
    const auto* bytes = sample.patch.ptr<std::uint8_t>();
    shard.patches.insert(shard.patches.end(), bytes, bytes + Shard::kPatchBytes);
    shard.labels.push_back(sample.label);
  }
  return shard;
}

TEST(MakeSamples, ArePureFunctionsOfTheirArguments) {
  const TemporaryFolder folder;
  const auto bytes = [&](std::uint64_t seed, int index, int frames) {
    const auto samples = TheGenerator().Samples(seed, index, frames);
    EXPECT_EQ(samples.size(), static_cast<size_t>(2 * frames));
    Shard shard = ShardOf(samples);
    shard.frames = 0;  // The same header for all.
    shard.patches.resize(4 * Shard::kPatchBytes);
    shard.labels.resize(4);
    WriteShard(shard, folder.path() / "shard");
    return ReadFile(folder.path() / "shard");
  };
  const std::string first = bytes(3, 8, 2);
  EXPECT_EQ(bytes(3, 8, 2), first);
  EXPECT_EQ(bytes(3, 8, 3), first);  // More frames change nothing in the first ones.
  EXPECT_NE(bytes(4, 8, 2), first);
  EXPECT_NE(bytes(3, 9, 2), first);
}

TEST(MakeSamples, PatchesAreCutAsTheNetworkWillSeeThem) {
  for (const EyeSample& sample : TheGenerator().Samples(1, 8, 6)) {
    ASSERT_EQ(sample.patch.size(), cv::Size(kPatchWidth, kPatchHeight));
    ASSERT_EQ(sample.patch.type(), CV_8UC3);
    ASSERT_TRUE(sample.patch.isContinuous());
    const EyeLabel& label = sample.label;
    // The nose is on the left, the corners' midpoint in the middle, the crop 1.7 corner distances.
    EXPECT_LT(label.medial.x, label.lateral.x);
    EXPECT_NEAR((label.medial.x + label.lateral.x) / 2, (kPatchWidth - 1) / 2.0, 1e-3);
    EXPECT_NEAR((label.medial.y + label.lateral.y) / 2, (kPatchHeight - 1) / 2.0, 1e-3);
    EXPECT_NEAR(std::hypot(label.lateral.x - label.medial.x, label.lateral.y - label.medial.y),
                kEyeCropWidth / kEyeCropPerCorners, 1e-2);
    EXPECT_NEAR(label.upper.front().x, label.medial.x, 0.3);
    // The lower margin ends in the corner's own column; there the outer edge of the lid may reach a
    // little farther into the opening than the corner, which lies on the inner one.
    const cv::Point2d span(label.lateral.x - label.medial.x, label.lateral.y - label.medial.y);
    const cv::Point2d off(label.lower.back().x - label.lateral.x,
                          label.lower.back().y - label.lateral.y);
    EXPECT_NEAR(off.dot(span) / cv::norm(span), 0, 0.05);
    EXPECT_LT(cv::norm(off), 0.3 * label.px_per_mm);
    EXPECT_GE(label.iris_major_px, label.iris_minor_px);
    EXPECT_EQ(label.subject, 8);
    EXPECT_LT(label.ancestry, 3);
  }
}

TEST(MakeSamples, CoverWhatDiseaseCanBring) {
  std::map<int, int> mrd1;
  int partial = 0, shut = 0, glasses = 0, make_up = 0, small = 0, count = 0, left = 0, right = 0,
      up = 0, down = 0;
  for (int subject = 0; subject < 30; ++subject)
    for (const EyeSample& sample : TheGenerator().Samples(2, subject, 12)) {
      const EyeLabel& label = sample.label;
      ++count;
      if (!std::isnan(label.mrd1_mm)) ++mrd1[static_cast<int>(std::floor(label.mrd1_mm))];
      shut += label.closure >= 1;
      glasses += label.glasses;
      make_up += label.make_up;
      small += label.source_iris_px < 12;
      left += label.azimuth_deg > 20;
      right += label.azimuth_deg < -20;
      up += label.elevation_deg > 18;
      down += label.elevation_deg < -18;
      // Crops that reach over the frame's left edge: nothing is seen there.
      int blank = 0;
      while (blank < kPatchWidth && cv::countNonZero(sample.patch.col(blank).reshape(1)) == 0)
        ++blank;
      if (blank > 5) {
        ++partial;
        for (const auto* margin : {&label.upper, &label.lower})
          for (const LabelPoint& point : *margin)
            if (point.x < static_cast<float>(blank) - 0.5f) {
              EXPECT_EQ(point.seen, 0);
            }
        if (label.iris.x + label.iris_major_px < static_cast<float>(blank)) {
          EXPECT_EQ(label.iris.seen, 0);
        }
      }
      EXPECT_EQ(label.iris.seen != 0, label.iris_visible >= kIrisSeen);
      EXPECT_GT(label.source_iris_px, 7);
      EXPECT_LT(label.source_iris_px, 70);
    }
  for (int bin = -3; bin < 8; ++bin)
    EXPECT_GE(mrd1[bin], count / 45) << "MRD1 of " << bin << " to " << bin + 1 << " mm";
  EXPECT_GE(partial, 2);
  EXPECT_GE(shut, count / 12);
  EXPECT_LE(shut, count / 4);
  for (int rare : {glasses, make_up, small, left, right, up, down}) {
    EXPECT_GE(rare, count / 20);
    EXPECT_LE(rare, count / 3);
  }
}

// How much light and colour of pictures differ: standard deviations of the logarithms of mean
// brightness and of red over blue.
std::pair<double, double> SpreadOfLight(const std::vector<EyeSample>& samples) {
  std::vector<double> brightness, colour;
  for (const EyeSample& sample : samples) {
    const cv::Scalar mean = cv::mean(sample.patch);
    brightness.push_back(std::log(1 + mean[0] + mean[1] + mean[2]));
    colour.push_back(std::log((1 + mean[2]) / (1 + mean[0])));
  }
  const auto deviation = [](const std::vector<double>& values) {
    cv::Scalar mean, sd;
    cv::meanStdDev(values, mean, sd);
    return sd[0];
  };
  return {deviation(brightness), deviation(colour)};
}

TEST(MakeSamples, WithoutRandomisationOnlyEyesAndPeopleDiffer) {
  const CropGenerator plain(TheStudio(), false);
  std::vector<EyeSample> made, randomised;
  constexpr int kFrames = 12;
  for (int subject = 0; subject < 12; ++subject) {
    for (EyeSample& sample : plain.Samples(2, subject, kFrames)) made.push_back(std::move(sample));
    for (EyeSample& sample : TheGenerator().Samples(2, subject, kFrames))
      randomised.push_back(std::move(sample));
  }
  std::map<int, int> mrd1;
  int shut = 0, aside = 0, upwards = 0;
  for (const EyeSample& sample : made) {
    const EyeLabel& label = sample.label;
    EXPECT_EQ(label.glasses, 0);
    EXPECT_EQ(label.make_up, 0);
    EXPECT_EQ(label.occluded, 0);
    EXPECT_EQ(label.yaw_deg, 0);
    EXPECT_EQ(label.pitch_deg, 0);
    EXPECT_NEAR(label.source_iris_px, 20, 1);             // Eyes differ in depth.
    for (int column = 0; column < kPatchWidth; ++column)  // Nothing beyond the frame's edge.
      ASSERT_GT(cv::countNonZero(sample.patch.col(column).clone().reshape(1)), 0);
    if (!std::isnan(label.mrd1_mm)) ++mrd1[static_cast<int>(std::floor(label.mrd1_mm))];
    shut += label.closure >= 1;
    aside += std::abs(label.azimuth_deg) > 20;
    upwards += label.elevation_deg > 15;
  }
  // What is to be learned is as various as ever.
  const int count = static_cast<int>(made.size());
  for (int bin = -2; bin < 8; ++bin) EXPECT_GE(mrd1[bin], count / 60) << bin;
  for (const int rare : {shut, aside, upwards}) EXPECT_GE(rare, count / 15);
  const auto [light, colour] = SpreadOfLight(made);
  const auto [usual_light, usual_colour] = SpreadOfLight(randomised);
  EXPECT_LT(light, 0.4 * usual_light);
  EXPECT_LT(colour, 0.7 * usual_colour);
}

TEST(Shard, RoundTripAndDamage) {
  const TemporaryFolder folder;
  const Shard made = ShardOf(TheGenerator().Samples(1, 8, 1));
  const std::filesystem::path file = ShardFile(folder.path(), 8);
  EXPECT_EQ(file.filename(), "subject_00008.crops");
  WriteShard(made, file);
  Shard read = ReadShard(file);
  EXPECT_EQ(read.seed, made.seed);
  EXPECT_EQ(read.subject, 8);
  EXPECT_EQ(read.frames, 1);
  EXPECT_EQ(read.patches, made.patches);
  ASSERT_EQ(read.count(), 2);
  EXPECT_EQ(read.labels[1].upper[7].x, made.labels[1].upper[7].x);
  EXPECT_EQ(read.labels[1].mrd2_mm, made.labels[1].mrd2_mm);
  EXPECT_EQ(read.labels[0].ancestry, made.labels[0].ancestry);
  EXPECT_EQ(
      std::memcmp(read.Patch(1).data, made.patches.data() + Shard::kPatchBytes, Shard::kPatchBytes),
      0);
  EXPECT_THAT(ShardFiles(folder.path()), testing::ElementsAre(file));
  EXPECT_TRUE(IsShardOf(file, 1, 8, 1));
  EXPECT_FALSE(IsShardOf(file, 2, 8, 1));
  EXPECT_FALSE(IsShardOf(file, 1, 7, 1));
  EXPECT_FALSE(IsShardOf(file, 1, 8, 2));
  EXPECT_TRUE(read.randomised);
  EXPECT_FALSE(IsShardOf(file, 1, 8, 1, false));
  Shard plain = made;
  plain.randomised = false;
  WriteShard(plain, file);
  EXPECT_FALSE(ReadShard(file).randomised);
  EXPECT_TRUE(IsShardOf(file, 1, 8, 1, false));
  EXPECT_FALSE(IsShardOf(file, 1, 8, 1));
  WriteShard(made, file);

  const std::string good = ReadFile(file);
  // Bytes depend on values alone, not on what lies between the members.
  WriteShard(read, file);
  EXPECT_EQ(ReadFile(file), good);
  const auto expect_refused = [&](const std::string& bytes, const std::string& why) {
    WriteFileAtomically(file, bytes);
    try {
      ReadShard(file);
      ADD_FAILURE() << "read although it " << why;
    } catch (const DataError& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr(file.string()));
      EXPECT_THAT(error.what(), testing::HasSubstr(why));
    }
  };
  const auto changed = [&](size_t at) {
    std::string bytes = good;
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    return bytes;
  };
  expect_refused(changed(0), "is no shard");
  expect_refused(changed(8), "generator version");
  expect_refused(changed(12), "patches of");
  expect_refused(changed(128 + 1000), "is damaged");
  expect_refused(changed(good.size() - 1), "is damaged");
  expect_refused(good.substr(0, good.size() - 1), "is not as long");
  expect_refused(good.substr(0, 60), "is not as long");
  expect_refused("", "is no shard");
  EXPECT_FALSE(IsShardOf(file, 1, 8, 1));
  EXPECT_THROW(ReadShard(folder.path() / "absent"), DataError);
  EXPECT_THROW(ShardFiles(folder.path() / "absent"), DataError);
  Shard odd = made;
  odd.patches.pop_back();
  EXPECT_THROW(WriteShard(odd, file), DataError);
}

TEST(MakeCrops, AnyNumberOfThreadsAndResumed) {
  const TemporaryFolder folder;
  CropRecipe recipe;
  recipe.seed = 6;
  recipe.subjects = 3;
  recipe.frames = 1;
  std::vector<int> done;
  MakeCrops(TheStudio(), recipe, folder.path() / "two", 2, [&](int now, int total) {
    EXPECT_EQ(total, 3);
    done.push_back(now);
  });
  EXPECT_THAT(done, testing::ElementsAre(1, 2, 3));
  MakeCrops(TheStudio(), recipe, folder.path() / "one", 1, nullptr);
  std::vector<std::string> bytes;
  for (int k = 0; k < 3; ++k) {
    bytes.push_back(ReadFile(ShardFile(folder.path() / "one", k)));
    EXPECT_EQ(bytes.back(), ReadFile(ShardFile(folder.path() / "two", k)));
  }
  // What is there stays; what is gone, cut short or of another recipe is made again.
  const auto written = std::filesystem::last_write_time(ShardFile(folder.path() / "one", 0));
  WriteFileAtomically(ShardFile(folder.path() / "one", 1), bytes[1].substr(0, 5000));
  std::filesystem::copy_file(ShardFile(folder.path() / "one", 0),
                             ShardFile(folder.path() / "one", 2),
                             std::filesystem::copy_options::overwrite_existing);
  MakeCrops(TheStudio(), recipe, folder.path() / "one", 1, nullptr);
  EXPECT_EQ(std::filesystem::last_write_time(ShardFile(folder.path() / "one", 0)), written);
  for (int k = 0; k < 3; ++k) EXPECT_EQ(ReadFile(ShardFile(folder.path() / "one", k)), bytes[k]);
  recipe.seed = kFirstOutsideSeed;
  EXPECT_THROW(MakeCrops(TheStudio(), recipe, folder.path() / "outside", 1, nullptr), UsageError);
  recipe.subjects = 0;
  EXPECT_THROW(MakeCrops(TheStudio(), recipe, folder.path() / "none", 1, nullptr), UsageError);
}

}  // namespace
}  // namespace maskbench::training
