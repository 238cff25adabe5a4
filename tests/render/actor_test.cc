#include "maskbench/render/actor.h"

#include <cmath>

#include <gtest/gtest.h>

#include "maskbench/core/error.h"
#include "maskbench/head/head_registry.h"

#include "test_person.h"

namespace maskbench {
namespace {

ActorPose Resting(const Actor& actor) {
  ActorPose pose;
  for (Side side : kSides) {
    actor.Fixate(side, Eigen::Vector3d::Zero(), &pose);
    pose.lids[static_cast<int>(side)] = actor.RestingLids(side);
  }
  return pose;
}

int Count(const cv::Mat& labels, Part part) {
  return cv::countNonZero(labels == static_cast<int>(part));
}

RenderedFrame Draw(const Actor& actor, const ActorPose& pose, Scene scene = TestScene()) {
  actor.AddTo(pose, actor.Pose(pose), &scene);
  RenderOptions options;
  options.labels = options.depth = true;
  return Renderer().Render(scene, options);
}

// Both built-in head models carry lids, eyes and the solver.
TEST(Actor, EveryHeadModelHasWorkingLids) {
  for (const HeadModelEntry& entry : HeadModels()) {
    const auto model = entry.load(TestHeadFolder().parent_path());
    Appearance look;
    auto skin = std::make_shared<Material>();
    skin->kind = Material::Kind::kSkin;
    look.skin = skin;
    look.lashes.reset();
    for (auto& textures : look.eye_textures) textures = std::make_shared<EyeTextures>(EyeRecipe());
    const Actor actor(MakeHeadRig(*model), model->Evaluate({}, {}), DenseExpressions(*model), look);
    int before = 0;
    for (double mrd1 : {0.0, 2.0, 4.0, 6.0}) {
      ActorPose pose = Resting(actor);
      for (Side side : kSides)
        pose.lids[static_cast<int>(side)] =
            actor.Lids(side, pose, mrd1, 5.0, Eigen::Vector3d::Zero());
      const Actor::Posed posed = actor.Pose(pose);
      const auto truth = actor.Truth(pose, posed, TestScene(), nullptr);
      for (const EyeFrameTruth& eye : truth) {
        EXPECT_NEAR(eye.measures.mrd1_mm, mrd1, 0.02) << entry.name;
        EXPECT_NEAR(eye.measures.mrd2_mm, 5.0, 0.02) << entry.name;
      }
      const RenderedFrame frame = Draw(actor, pose);
      const int seen = Count(frame.labels, Part::kIris) + Count(frame.labels, Part::kPupil) +
                       Count(frame.labels, Part::kSclera);
      EXPECT_GT(seen, before * 1.1) << entry.name << " " << mrd1;
      before = seen;
    }
  }
}

TEST(Actor, FixationBringsTheVisualAxisOntoTheTarget) {
  const auto actor = TestPeople::Get().Make(3);
  ActorPose pose;
  pose.head = Pose::OfHead(12, -7, 4, {20, -10, 580});
  pose.eyes[0].protrusion_mm = 5;
  const Eigen::Vector3d target(60, 35, 10);
  for (Side side : kSides) {
    const int s = static_cast<int>(side);
    actor->Fixate(side, target, &pose);
    pose.lids[s] = actor->RestingLids(side);
  }
  const Actor::Posed posed = actor->Pose(pose);
  const auto truth = actor->Truth(pose, posed, TestScene(), nullptr);
  for (int s = 0; s < 2; ++s) {
    const Eigen::Vector3d centre = pose.head * posed.eyes[s].globe_centre_mm;
    EXPECT_NEAR(truth[s].visual_axis_camera.dot((target - centre).normalized()), 1, 1e-9);
    // The pupillary axis differs from it by kappa.
    EXPECT_NEAR(
        std::acos(truth[s].visual_axis_camera.dot(truth[s].pupillary_axis_camera)) * 57.29578, 5.5,
        1e-6);
  }
}

TEST(Actor, ProtrusionMovesTheGlobeForwardAndKeepsItsSize) {
  const auto actor = TestPeople::Get().Make(0);
  ActorPose pose = Resting(*actor);
  const Actor::Posed flat = actor->Pose(pose);
  for (EyePose& eye : pose.eyes) eye.protrusion_mm = 6;
  const Actor::Posed proptotic = actor->Pose(pose);
  for (int s = 0; s < 2; ++s)
    EXPECT_NEAR((proptotic.eyes[s].globe_centre_mm - flat.eyes[s].globe_centre_mm -
                 Eigen::Vector3d(0, 0, 6))
                    .norm(),
                0, 1e-12);
  const RenderedFrame frame = Draw(*actor, pose);
  const auto truth = actor->Truth(pose, proptotic, TestScene(), &frame);
  for (const EyeFrameTruth& eye : truth) EXPECT_NEAR(eye.measures.protrusion_mm, 6, 1e-9);
}

TEST(Actor, ClothesSkinAndEyesAreLabelledAndNothingShowsThrough) {
  const auto actor = TestPeople::Get().Make(1, true);
  ActorPose pose = Resting(*actor);
  Scene scene = TestScene();
  scene.camera.focal_px = 700;
  const RenderedFrame frame = Draw(*actor, pose, scene);
  for (Part part : {Part::kSkin, Part::kSclera, Part::kIris, Part::kClothes})
    EXPECT_GT(Count(frame.labels, part), 20) << static_cast<int>(part);
  // No hole: background nowhere inside the face's box.
  const auto truth = actor->Truth(pose, actor->Pose(pose), scene, &frame);
  const Eigen::Vector2d a = truth[static_cast<int>(Side::kRight)].lateral_corner_px;
  const Eigen::Vector2d b = truth[static_cast<int>(Side::kLeft)].lateral_corner_px;
  const cv::Rect box(static_cast<int>(a.x()), static_cast<int>(a.y()) - 15,
                     static_cast<int>(b.x() - a.x()), 90);
  EXPECT_EQ(Count(frame.labels(box), Part::kBackground), 0);
}

TEST(Actor, SameSceneGivesTheSameBytes) {
  const auto actor = TestPeople::Get().Make(2, true);
  const ActorPose pose = Resting(*actor);
  const RenderedFrame a = Draw(*actor, pose), b = Draw(*actor, pose);
  EXPECT_EQ(cv::norm(a.linear, b.linear, cv::NORM_INF), 0);
  EXPECT_EQ(cv::norm(a.labels, b.labels, cv::NORM_INF), 0);
}

TEST(Actor, RefusesWhatDoesNotFit) {
  const auto& head = *TestPeople::Get().head();
  const auto rig = MakeHeadRig(head);
  Appearance look;
  look.skin = std::make_shared<Material>();
  EXPECT_THROW(Actor(rig, Eigen::Matrix3Xd::Zero(3, 7), Eigen::MatrixXf(), look), DataError);
  look.skin.reset();
  EXPECT_THROW(Actor(rig, head.Shape(HeadRecipe()), Eigen::MatrixXf(), look), DataError);
}

TEST(AmbientVisibility, OpenPlateSeesTheSkyAndAPitDoesNot) {
  // A plate in z = 0 facing +z, and the floor of a narrow shaft.
  std::vector<Eigen::Vector3f> p;
  std::vector<std::array<int, 3>> t;
  const auto quad = [&](const Eigen::Vector3f& a, const Eigen::Vector3f& b,
                        const Eigen::Vector3f& c, const Eigen::Vector3f& d) {
    const int base = static_cast<int>(p.size());
    p.insert(p.end(), {a, b, c, d});
    t.push_back({base, base + 1, base + 2});
    t.push_back({base, base + 2, base + 3});
  };
  quad({-100, -100, 0}, {-40, -100, 0}, {-40, 100, 0}, {-100, 100, 0});
  quad({0, -10, -80}, {20, -10, -80}, {20, 10, -80}, {0, 10, -80});
  quad({0, -10, 0}, {0, -10, -80}, {0, 10, -80}, {0, 10, 0});
  quad({20, 10, 0}, {20, 10, -80}, {20, -10, -80}, {20, -10, 0});
  quad({0, 10, 0}, {0, 10, -80}, {20, 10, -80}, {20, 10, 0});
  quad({20, -10, 0}, {20, -10, -80}, {0, -10, -80}, {0, -10, 0});
  // The middle of the shaft's floor as a vertex of its own.
  const int middle = static_cast<int>(p.size());
  p.insert(p.end(), {{10, 0, -79}, {9, -1, -79}, {11, -1, -79}, {10, 1, -79}});
  t.push_back({middle, middle + 1, middle + 2});
  t.push_back({middle, middle + 2, middle + 3});
  t.push_back({middle, middle + 3, middle + 1});
  const std::vector<float> open = AmbientVisibility(p, t, 96);
  for (int v = 0; v < 4; ++v) EXPECT_GT(open[static_cast<size_t>(v)], 0.9f);
  EXPECT_LT(open[static_cast<size_t>(middle)], 0.15f);
}

}  // namespace
}  // namespace maskbench
