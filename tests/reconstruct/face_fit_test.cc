#include "maskbench/reconstruct/face_fit.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <tuple>

#include <gtest/gtest.h>

#include "maskbench/core/error.h"
#include "maskbench/head/head_builder.h"
#include "maskbench/head/linear_head_model.h"
#include "maskbench/head/parametric_head.h"

#include "reconstruct/synthetic_face.h"

namespace maskbench {
namespace {

using Frame = SyntheticFace::Frame;

constexpr int kFrames = 90;

/// Mean errors over the frames of a fit.
struct Errors {
  int fitted = 0;
  double turn_deg = 0, picture_px = 0, motion_mm = 0, rms_px = 0;
};

/// How far (mm) expressions move the mesh below the eyes.
Eigen::Matrix3Xd Motion(const SyntheticFace& person, const Eigen::VectorXd& expression) {
  return PointsOn(person.places, person.model->Evaluate({}, expression)) -
         PointsOn(person.places, person.model->Evaluate({}, {}));
}

Eigen::Matrix2Xd Project(const SyntheticFace& person, const Eigen::Matrix3Xd& points,
                         double focal_px) {
  Eigen::Matrix2Xd pixels = points.topRows<2>();
  for (Eigen::Index p = 0; p < pixels.cols(); ++p) pixels.col(p) *= focal_px / points(2, p);
  return pixels.colwise() +
         Eigen::Vector2d((person.picture_px.width - 1) / 2.0, (person.picture_px.height - 1) / 2.0);
}

Errors ErrorsOf(const SyntheticFace& person, const std::vector<Frame>& frames, const FaceFit& fit) {
  Errors errors;
  for (size_t i = 0; i < frames.size(); ++i) {
    const FacePose& pose = fit.frames[i];
    if (pose.status != FaceFitStatus::kFitted) continue;
    ++errors.fitted;
    errors.rms_px += pose.rms_px;
    errors.turn_deg += TurnErrorDeg(person, frames[i], fit.identity, pose);
    const Eigen::VectorXd expression = pose.expression.cast<double>();
    const Eigen::Matrix3Xd is =
        (pose.rotation *
         (fit.identity.scale *
          PointsOn(person.places, person.model->Evaluate(fit.identity.identity, expression))))
            .colwise() +
        pose.translation_mm;
    errors.picture_px += (Project(person, is, fit.identity.focal_px) -
                          Project(person, person.TruthOf(frames[i]).points_mm, person.focal_px))
                             .colwise()
                             .norm()
                             .mean();
    errors.motion_mm +=
        (Motion(person, expression) - Motion(person, frames[i].expression)).colwise().norm().mean();
  }
  errors.turn_deg /= errors.fitted;
  errors.picture_px /= errors.fitted;
  errors.motion_mm /= errors.fitted;
  errors.rms_px /= errors.fitted;
  return errors;
}

FaceIdentity MeanHead(const HeadModel& model) {
  FaceIdentity mean;
  mean.identity = Eigen::VectorXd::Zero(model.IdentityDims());
  return mean;
}

/// Distance of two points of the mesh on the fitted head, real mm.
double SpanMm(const SyntheticFace& person, const FaceIdentity& identity, int a, int b,
              const Eigen::VectorXd& expression = {}) {
  const Eigen::Matrix3Xd vertices = person.model->Evaluate(identity.identity, expression);
  return identity.scale * (Locate(person.places[static_cast<size_t>(a)], vertices) -
                           Locate(person.places[static_cast<size_t>(b)], vertices))
                              .norm();
}

class FaceFits : public testing::TestWithParam<std::tuple<const char*, bool>> {
 protected:
  const HeadModel& model() const { return FaceModel(std::get<0>(GetParam())); }
  FaceFitOptions OptionsFor(const SyntheticFace& person) const {
    FaceFitOptions options = person.Options();
    options.given_pose = std::get<1>(GetParam());
    if (!options.given_pose) options.px_per_mm = person.px_per_mm();
    return options;
  }
};

TEST_P(FaceFits, FindsAPersonOfItsOwnCoefficients) {
  for (const double noise_px : {0.0, 1.0}) {
    SyntheticFace person = RandomFace(model(), 40, 3);
    person.noise_px = noise_px;
    person.depth_noise_px = 4 * noise_px;
    const std::vector<Frame> frames = person.Talk(kFrames);
    const FaceFit fit = FitFace(person.SeeAll(frames), model(), OptionsFor(person));
    EXPECT_TRUE(fit.identity.known);
    EXPECT_TRUE(fit.identity.converged);
    EXPECT_EQ(fit.identity.frames, 60);
    EXPECT_EQ(fit.latency_frames, kFrames - 1);
    EXPECT_LT(fit.identity.rms_px, 0.7 + 1.5 * noise_px);
    const double mean_head = ShapeErrorsMm(person, MeanHead(model())).mean();
    EXPECT_LT(ShapeErrorsMm(person, fit.identity).mean(), 0.9);
    EXPECT_LT(ShapeErrorsMm(person, fit.identity).mean(), 0.4 * mean_head);
    const Errors errors = ErrorsOf(person, frames, fit);
    EXPECT_EQ(errors.fitted, kFrames);
    EXPECT_LT(errors.rms_px, 0.4 + 1.5 * noise_px);
    EXPECT_LT(errors.picture_px, 1.2);
    EXPECT_LT(errors.turn_deg, 1.6);
    EXPECT_LT(errors.motion_mm, 0.45);
  }
}

TEST_P(FaceFits, ActivationsStayInRangeAndLidsAtRest) {
  SyntheticFace person = RandomFace(model(), 40, 4);
  person.noise_px = 1;
  const std::vector<Frame> frames = person.Talk(kFrames);
  const FaceFit fit = FitFace(person.SeeAll(frames), model(), OptionsFor(person));
  ASSERT_FALSE(fit.identity.expressions.empty());
  std::vector<bool> fitted(static_cast<size_t>(model().ExpressionDims()), false);
  for (const int e : fit.identity.expressions) {
    fitted[static_cast<size_t>(e)] = true;
    EXPECT_NE(model().ExpressionNames()[static_cast<size_t>(e)].rfind("eye-", 0), 0u);
    EXPECT_NE(model().ExpressionNames()[static_cast<size_t>(e)].rfind("eye_", 0), 0u);
  }
  // Brows and mouth are fitted.
  for (const char* name : {"eyebrows-left-up", "mouth-open", "jaw_open", "brow_up_left"}) {
    const auto& names = model().ExpressionNames();
    const auto found = std::find(names.begin(), names.end(), name);
    if (found != names.end()) {
      EXPECT_TRUE(fitted[static_cast<size_t>(found - names.begin())]) << name;
    }
  }
  for (const FacePose& pose : fit.frames) {
    for (int e = 0; e < model().ExpressionDims(); ++e) {
      const auto& [low, high] = model().ExpressionRange()[static_cast<size_t>(e)];
      EXPECT_GE(pose.expression[e], low - 1e-6);
      EXPECT_LE(pose.expression[e], high + 1e-6);
      if (!fitted[static_cast<size_t>(e)]) {
        EXPECT_EQ(pose.expression[e], 0);
      }
    }
  }
}

TEST_P(FaceFits, FollowsASuddenMouthWithinTheFrame) {
  SyntheticFace person = RandomFace(model(), 40, 5);
  person.noise_px = 0.5;
  std::vector<Frame> frames = person.Talk(kFrames);
  for (size_t i = 0; i < frames.size(); ++i) {
    frames[i].expression = person.Expression({"mouth-open", "jaw_open"}, i % 30 >= 20 ? 0.7 : 0.0);
  }
  const FaceFit fit = FitFace(person.SeeAll(frames), model(), OptionsFor(person));
  const auto gap = [&](const Eigen::VectorXd& expression) {
    return SpanMm(person, fit.identity, 13, 14, expression);
  };
  const double shut = gap({}), open = gap(frames[20].expression) - shut;
  ASSERT_GT(open, 5);
  // The first frames with the mouth open, and the first after that.
  for (const size_t i : {20u, 50u})
    EXPECT_NEAR((gap(fit.frames[i].expression.cast<double>()) - shut) / open, 1, 0.15) << i;
  for (const size_t i : {30u, 60u})
    EXPECT_NEAR((gap(fit.frames[i].expression.cast<double>()) - shut) / open, 0, 0.15) << i;
}

TEST_P(FaceFits, BearsPointsAndFramesThatAreWrong) {
  SyntheticFace person = RandomFace(model(), 40, 6);
  person.noise_px = 1;
  std::vector<Frame> frames = person.Talk(kFrames);
  const FaceFit clean = FitFace(person.SeeAll(frames), model(), OptionsFor(person));
  for (size_t i = 0; i < frames.size(); ++i) {
    frames[i].outliers = 0.05;
    frames[i].wrong = i % 15 == 7;
  }
  const FaceFit fit = FitFace(person.SeeAll(frames), model(), OptionsFor(person));
  for (size_t i = 0; i < frames.size(); ++i) {
    EXPECT_EQ(static_cast<int>(fit.frames[i].status),
              static_cast<int>(frames[i].wrong ? FaceFitStatus::kHeld : FaceFitStatus::kFitted))
        << i;
  }
  EXPECT_LT(ShapeErrorsMm(person, fit.identity).mean(),
            ShapeErrorsMm(person, clean.identity).mean() + 0.4);
  EXPECT_LT(ErrorsOf(person, frames, fit).motion_mm, 0.7);
}

TEST_P(FaceFits, HoldsThenLosesAFaceThatIsGone) {
  SyntheticFace person = RandomFace(model(), 40, 7);
  std::vector<Frame> frames = person.Talk(kFrames);
  FaceFitOptions options = OptionsFor(person);
  options.hold_frames = 5;
  for (size_t i = 0; i < 4; ++i) frames[i].face = false;
  for (size_t i = 40; i < 43; ++i) frames[i].face = false;
  for (size_t i = 60; i < 80; ++i) frames[i].face = false;
  const FaceFit fit = FitFace(person.SeeAll(frames), model(), options);
  for (size_t i = 0; i < frames.size(); ++i) {
    const FacePose& pose = fit.frames[i];
    const bool held = (i >= 40 && i < 43) || (i >= 60 && i < 65);
    const FaceFitStatus expected = frames[i].face ? FaceFitStatus::kFitted
                                   : held         ? FaceFitStatus::kHeld
                                                  : FaceFitStatus::kLost;
    EXPECT_EQ(static_cast<int>(pose.status), static_cast<int>(expected)) << i;
    EXPECT_EQ(std::isnan(pose.rms_px), !frames[i].face) << i;
    if (held) {
      const FacePose& last = fit.frames[i < 50 ? 39 : 59];
      EXPECT_EQ(pose.expression, last.expression);
      EXPECT_EQ(pose.translation_mm, last.translation_mm);
    }
    if (expected == FaceFitStatus::kLost) {
      EXPECT_EQ(pose.expression.size(), 0);
    }
  }
}

TEST_P(FaceFits, OfAMirroredRecordingIsTheMirrorImage) {
  SyntheticFace person = RandomFace(model(), 40, 8);
  const std::vector<Frame> frames = person.Talk(kFrames);
  const std::vector<MeshFrame> seen = person.SeeAll(frames);
  std::vector<MeshFrame> turned = seen;
  const std::vector<int>& mirror = FaceModel("canonical468").Topology().mirror;
  const Eigen::Matrix3d flip = Eigen::Vector3d(-1, 1, 1).asDiagonal();
  for (size_t i = 0; i < seen.size(); ++i) {
    for (int k = 0; k < kMeshPoints; ++k) {
      turned[i].mesh_px.col(k) = seen[i].mesh_px.col(mirror[static_cast<size_t>(k)]);
      turned[i].mesh_px(0, k) =
          static_cast<float>(person.picture_px.width - 1) - turned[i].mesh_px(0, k);
    }
    turned[i].head.rotation = flip * seen[i].head.rotation * flip;
    turned[i].head.origin_px.x() = person.picture_px.width - 1 - seen[i].head.origin_px.x();
  }
  const FaceFit one = FitFace(seen, model(), OptionsFor(person)),
                two = FitFace(turned, model(), OptionsFor(person));
  EXPECT_NEAR(one.identity.scale, two.identity.scale, 2e-3);
  const auto mirrored = [&](const Eigen::Matrix3Xd& vertices) {
    Eigen::Matrix3Xd image = vertices;
    const std::vector<int>& vertex_mirror = model().Topology().mirror;
    for (Eigen::Index v = 0; v < image.cols(); ++v)
      image.col(v) = flip * vertices.col(vertex_mirror[static_cast<size_t>(v)]);
    return image;
  };
  const auto places = person.places;
  const Eigen::Matrix3Xd is = PointsOn(places, model().Evaluate(two.identity.identity, {})),
                         was = PointsOn(places,
                                        mirrored(model().Evaluate(one.identity.identity, {})));
  EXPECT_LT((is - was).colwise().norm().mean(), 0.15);
  for (size_t i = 0; i < seen.size(); i += 10) {
    const auto moved = [&](const FacePose& pose) {
      return Eigen::Matrix3Xd(model().Evaluate({}, pose.expression.cast<double>()) -
                              model().Evaluate({}, {}));
    };
    EXPECT_LT(
        (PointsOn(places, moved(two.frames[i])) - PointsOn(places, mirrored(moved(one.frames[i]))))
            .colwise()
            .norm()
            .mean(),
        0.1)
        << i;
    EXPECT_NEAR(one.frames[i].translation_mm.x(), -two.frames[i].translation_mm.x(), 0.5);
    EXPECT_NEAR(one.frames[i].translation_mm.y(), two.frames[i].translation_mm.y(), 0.5);
  }
}

TEST_P(FaceFits, KeepsRealMillimetres) {
  for (const double scale : {0.9, 1.0, 1.12}) {
    SyntheticFace person = RandomFace(model(), 40, 9);
    person.scale = scale;
    std::vector<Frame> frames = person.Talk(kFrames);
    for (Frame& frame : frames) frame.place_mm.z() = 0;
    const FaceFit fit = FitFace(person.SeeAll(frames), model(), OptionsFor(person));
    FaceIdentity truth;
    truth.identity = person.identity;
    truth.scale = scale;
    // Across the face, and from nose to chin.
    for (const auto& [a, b] :
         {std::pair(mesh::kRightTemple, mesh::kLeftTemple),
          std::pair(mesh::kRightEyeOuter, mesh::kLeftEyeOuter), std::pair(168, mesh::kChin)}) {
      EXPECT_NEAR(SpanMm(person, fit.identity, a, b) / SpanMm(person, truth, a, b), 1, 0.03)
          << scale << ' ' << a;
    }
    EXPECT_NEAR(fit.identity.focal_px, person.focal_px, 0.02 * person.focal_px);
  }
}

TEST_P(FaceFits, IsTheSameEveryTime) {
  SyntheticFace person = RandomFace(model(), 40, 10);
  person.noise_px = 1;
  const std::vector<MeshFrame> seen = person.SeeAll(person.Talk(40));
  const FaceFit one = FitFace(seen, model(), OptionsFor(person));
  FaceFitter fitter(model(), OptionsFor(person));
  for (const MeshFrame& frame : seen) fitter.Look(frame);
  fitter.SolveIdentity();
  EXPECT_EQ(fitter.identity().identity, one.identity.identity);
  EXPECT_EQ(fitter.identity().usual_expression, one.identity.usual_expression);
  for (size_t i = 0; i < seen.size(); ++i) {
    const FacePose pose = fitter.Fit(seen[i]);
    EXPECT_EQ(pose.rotation, one.frames[i].rotation);
    EXPECT_EQ(pose.translation_mm, one.frames[i].translation_mm);
    EXPECT_EQ(pose.expression, one.frames[i].expression);
    EXPECT_EQ(std::memcmp(&pose.rms_px, &one.frames[i].rms_px, sizeof(float)), 0);
  }
}

TEST_P(FaceFits, CausallyKnowsNothingOfLaterFrames) {
  SyntheticFace person = RandomFace(model(), 40, 11);
  person.noise_px = 1;
  const std::vector<MeshFrame> seen = person.SeeAll(person.Talk(kFrames));
  FaceFitOptions options = OptionsFor(person);
  options.causal_frames = 40;
  const FaceFit whole = FitFace(seen, model(), options);
  EXPECT_EQ(whole.latency_frames, 0);
  EXPECT_EQ(whole.frames[0].status, FaceFitStatus::kFitted);
  for (const size_t until : {10u, 45u}) {
    const FaceFit part = FitFace({seen.begin(), seen.begin() + static_cast<std::ptrdiff_t>(until)},
                                 model(), options);
    for (size_t i = 0; i < until; ++i) {
      EXPECT_EQ(part.frames[i].expression, whole.frames[i].expression);
      EXPECT_EQ(part.frames[i].translation_mm, whole.frames[i].translation_mm);
    }
    // Fixed after 40 frames.
    EXPECT_EQ(part.identity.identity == whole.identity.identity, until > 40);
  }
  EXPECT_LT(ShapeErrorsMm(person, whole.identity).mean(), 1.3);
}

INSTANTIATE_TEST_SUITE_P(Heads, FaceFits,
                         testing::Combine(testing::Values("parametric", "canonical468"),
                                          testing::Bool()),
                         [](const auto& test) {
                           return std::string(std::get<0>(test.param)) +
                                  (std::get<1>(test.param) ? "GivenPose" : "FittedPose");
                         });

class FaceFitGivenPose : public testing::TestWithParam<const char*> {
 protected:
  const HeadModel& model() const { return FaceModel(GetParam()); }
};

TEST_P(FaceFitGivenPose, PlacesAHeadFarFromThePicturesMiddle) {
  SyntheticFace person = RandomFace(model(), 40, 12);
  std::vector<Frame> frames = person.Talk(kFrames);
  for (Frame& frame : frames) frame.place_mm = {-95, 40, 0};
  const FaceFit fit = FitFace(person.SeeAll(frames), model(), person.Options());
  const Errors errors = ErrorsOf(person, frames, fit);
  EXPECT_LT(errors.turn_deg, 1.6);
  EXPECT_LT(errors.picture_px, 1.2);
  // The turn against the picture is another one than against the line to the head.
  const double turned =
      Eigen::AngleAxisd(fit.frames[0].rotation * (Eigen::Vector3d(1, -1, -1).asDiagonal() *
                                                  person.SeeAll({frames[0]})[0].head.rotation *
                                                  fit.identity.template_from_model.rotation)
                                                     .transpose())
          .angle();
  EXPECT_NEAR(turned, std::atan(std::hypot(95, 40) / 650), 0.01);
}

TEST_P(FaceFitGivenPose, GivesTheModelsPlaceInThePosesFrame) {
  SyntheticFace person = RandomFace(model(), 40, 13);
  const FaceFit fit = FitFace(person.SeeAll(person.Talk(kFrames)), model(), person.Options());
  const Eigen::Matrix3Xd is = fit.identity.template_from_model *
                              PointsOn(person.places, model().Evaluate(fit.identity.identity, {})),
                         was =
                             (person.tilt * person.scale * PointsOn(person.places, person.Shape()))
                                 .colwise() +
                             person.size * person.shift_mm;
  // Distance along the line of sight is known least.
  EXPECT_LT((is - was).topRows<2>().colwise().norm().mean(), 1.0);
  EXPECT_LT((is - was).colwise().norm().mean(), 4.0);
}

TEST_P(FaceFitGivenPose, GazeThatFoolsTheMeshMovesNeitherPoseNorMouth) {
  SyntheticFace person = RandomFace(model(), 40, 14);
  std::vector<Frame> frames = person.Talk(kFrames), gazing = frames;
  for (size_t i = 0; i < frames.size(); ++i)
    gazing[i].orbit_up_mm = 2 * std::sin(0.5 * static_cast<double>(i));
  const FaceFit still = FitFace(person.SeeAll(frames), model(), person.Options()),
                moved = FitFace(person.SeeAll(gazing), model(), person.Options());
  double mouth_mm = 0, place_mm = 0;
  const std::array<int, 8> lips = {0, 13, 14, 17, 61, 291, 37, 267};
  for (size_t i = 0; i < frames.size(); ++i) {
    const Eigen::Matrix3Xd off = Motion(person, moved.frames[i].expression.cast<double>()) -
                                 Motion(person, still.frames[i].expression.cast<double>());
    for (const int k : lips) mouth_mm = std::max(mouth_mm, off.col(k).norm());
    place_mm = std::max(place_mm,
                        (moved.frames[i].translation_mm - still.frames[i].translation_mm).norm());
  }
  EXPECT_LT(mouth_mm, 0.6);
  // What is left is the model's place in the poses' frame, the same in all frames.
  EXPECT_LT(place_mm, 3.0);
  EXPECT_LT(ShapeErrorsMm(person, moved.identity).mean(),
            ShapeErrorsMm(person, still.identity).mean() + 0.15);
}

TEST_P(FaceFitGivenPose, AMeshThatTiltsWithTheGazeMakesNoExpression) {
  SyntheticFace person = RandomFace(model(), 40, 15);
  std::vector<Frame> frames = person.Talk(kFrames);
  for (Frame& frame : frames) frame.expression.setZero();
  std::vector<MeshFrame> seen = person.SeeAll(frames);
  for (size_t i = 0; i < frames.size(); ++i) {
    Frame tilted = frames[i];
    tilted.pitch += 1.5 * std::sin(0.5 * static_cast<double>(i));
    tilted.place_mm.y() += 1.5 * std::sin(0.5 * static_cast<double>(i));
    seen[i].mesh_px = person.SeeAll({tilted})[0].mesh_px;
  }
  const FaceFit fit = FitFace(seen, model(), person.Options());
  for (size_t i = 0; i < frames.size(); ++i) {
    EXPECT_LT(
        Motion(person, (fit.frames[i].expression - fit.identity.usual_expression).cast<double>())
            .colwise()
            .norm()
            .mean(),
        0.3)
        << i;
  }
  EXPECT_LT(ErrorsOf(person, frames, fit).turn_deg, 1.6);
}

TEST_P(FaceFitGivenPose, DisturbedFramesShowTheUsualExpression) {
  SyntheticFace person = RandomFace(model(), 40, 18);
  std::vector<Frame> frames = person.Talk(kFrames);
  for (Frame& frame : frames) frame.expression.setZero();
  std::vector<MeshFrame> seen = person.SeeAll(frames);
  for (size_t i = 30; i < 60; ++i) {
    Frame disturbed = frames[i];
    disturbed.expression = person.Expression({"mouth-open", "jaw_open"}, 0.4);
    seen[i].mesh_px = person.SeeAll({disturbed})[0].mesh_px;
  }
  const FaceFit fooled = FitFace(seen, model(), person.Options());
  for (size_t i = 30; i < 60; ++i) seen[i].trust = 0;
  const FaceFit fit = FitFace(seen, model(), person.Options());
  // They tell nothing of who it is.
  std::vector<MeshFrame> others = seen;
  for (size_t i = 30; i < 60; ++i) others[i] = {};
  EXPECT_EQ(FitFace(others, model(), person.Options()).identity.identity, fit.identity.identity);
  // Unless there are no others.
  for (MeshFrame& frame : others) frame.trust = 0;
  EXPECT_TRUE(FitFace(others, model(), person.Options()).identity.known);
  for (size_t i = 0; i < frames.size(); ++i) {
    const auto moved = [&](const FaceFit& one) {
      return Motion(person,
                    (one.frames[i].expression - one.identity.usual_expression).cast<double>())
          .colwise()
          .norm()
          .mean();
    };
    EXPECT_LT(moved(fit), 0.15) << i;
    EXPECT_EQ(fit.frames[i].status, FaceFitStatus::kFitted);
    EXPECT_EQ(std::isnan(fit.frames[i].rms_px), i >= 30 && i < 60);
    if (i >= 30 && i < 60) {
      EXPECT_GT(moved(fooled), 1.0) << i;
    }
  }
}

TEST_P(FaceFitGivenPose, UsesNoFrameWithoutAPose) {
  SyntheticFace person = RandomFace(model(), 40, 16);
  std::vector<MeshFrame> seen = person.SeeAll(person.Talk(20));
  seen[10].head.seen = false;
  const FaceFit fit = FitFace(seen, model(), person.Options());
  EXPECT_EQ(fit.identity.frames, 19);
  EXPECT_EQ(fit.frames[10].status, FaceFitStatus::kHeld);
  EXPECT_EQ(fit.frames[11].status, FaceFitStatus::kFitted);
}

TEST_P(FaceFitGivenPose, OnePictureWillDo) {
  SyntheticFace person = RandomFace(model(), 40, 17);
  person.noise_px = 1;
  const FaceFit fit = FitFace(person.SeeAll(person.Talk(1)), model(), person.Options());
  EXPECT_EQ(fit.identity.frames, 1);
  EXPECT_LT(ShapeErrorsMm(person, fit.identity).mean(),
            0.6 * ShapeErrorsMm(person, MeanHead(model())).mean());
}

TEST_P(FaceFitGivenPose, NothingSeenGivesNothing) {
  const SyntheticFace person(model());
  const FaceFit none = FitFace({}, model(), person.Options());
  EXPECT_FALSE(none.identity.known);
  EXPECT_TRUE(none.frames.empty());
  const FaceFit fit = FitFace(std::vector<MeshFrame>(3), model(), person.Options());
  EXPECT_FALSE(fit.identity.known);
  EXPECT_EQ(fit.identity.identity, Eigen::VectorXd::Zero(model().IdentityDims()));
  ASSERT_EQ(fit.frames.size(), 3u);
  EXPECT_EQ(fit.frames[2].status, FaceFitStatus::kLost);
}

INSTANTIATE_TEST_SUITE_P(Heads, FaceFitGivenPose, testing::Values("parametric", "canonical468"),
                         [](const auto& test) { return std::string(test.param); });

TEST(FaceFit, BringsPeopleBeyondItsCoefficientsNearer) {
  const auto head = ParametricHead::Load(ParametricHeadFile(MASKBENCH_ASSETS_DIR "/models"));
  const HeadModel& model = FaceModel("parametric");
  double fitted_mm = 0, mean_mm = 0;
  for (int k = 0; k < 4; ++k) {
    SyntheticFace person(model);
    NamedRandom random(1, "person " + std::to_string(k), "shape");
    HeadRecipe recipe;
    recipe.male = random.Uniform();
    recipe.age = random.Uniform();
    recipe.weight = 0.4 * random.Normal();
    head->SampleDetails({}, &random, &recipe);
    person.neutral_mm = head->Shape(recipe);
    person.noise_px = 1;
    person.depth_noise_px = 4;
    const FaceFit fit = FitFace(person.SeeAll(person.Talk(60)), model, person.Options());
    fitted_mm += ShapeErrorsMm(person, fit.identity).mean() / 4;
    mean_mm += ShapeErrorsMm(person, MeanHead(model)).mean() / 4;
  }
  EXPECT_LT(fitted_mm, 1.5);
  EXPECT_LT(fitted_mm, 0.6 * mean_mm);
}

TEST(FaceFit, MeshFramesAreOfObservations) {
  FaceObservation face;
  face.mesh[5] = {1, 2, 3};
  EXPECT_EQ(MeshFrameOf(face).mesh_px.cols(), 0);
  face.status = FaceStatus::kTracked;
  EXPECT_EQ(MeshFrameOf(face).mesh_px.col(5), Eigen::Vector3f(1, 2, 3));
  EXPECT_EQ(MeshFrameOf(face).trust, 1);
  std::array<EyeEvidence, 2> eyes;
  eyes[0].in_sight = eyes[1].in_sight = 0.9;
  EXPECT_EQ(MeshFrameOf(face, {}, &eyes).trust, 1);
  eyes[1].in_sight = 0.4;
  EXPECT_EQ(MeshFrameOf(face, {}, &eyes).trust, 0);
  eyes[1].in_sight = 0.65;
  EXPECT_NEAR(MeshFrameOf(face, {}, &eyes).trust, 0.5, 1e-9);
}

TEST(FaceFit, HeadLiesMidwayBetweenItsOrbits) {
  OrbitViews orbits;
  for (auto& side : orbits) side.resize(2);
  orbits[0][0].seen = orbits[1][0].seen = orbits[1][1].seen = true;
  orbits[0][0].origin_px = {10, 20, 5};
  orbits[1][0].origin_px = {14, 22, 5};
  orbits[1][1].origin_px = {3, 4, 5};
  EXPECT_EQ(HeadOfOrbits(orbits, 0).origin_px, Eigen::Vector3d(12, 21, 5));
  EXPECT_EQ(HeadOfOrbits(orbits, 1).origin_px, Eigen::Vector3d(3, 4, 5));
  EXPECT_TRUE(HeadOfOrbits(orbits, 1).seen);
  // With the right eye covered, as the left orbit has it.
  std::array<EyeEvidence, 2> eyes;
  eyes[0].in_sight = 0.2;
  eyes[1].in_sight = 0.9;
  EXPECT_LT((HeadOfOrbits(orbits, 0, &eyes).origin_px - Eigen::Vector3d(14, 22, 5)).norm(), 0.01);
  eyes[0].in_sight = 0.9;
  EXPECT_EQ(HeadOfOrbits(orbits, 0, &eyes).origin_px, Eigen::Vector3d(12, 21, 5));
}

TEST(FaceFit, RefusesOptionsOutOfRange) {
  const SyntheticFace person(FaceModel("canonical468"));
  const auto message = [&](const FaceFitOptions& options) -> std::string {
    try {
      FitFace({}, *person.model, options);
    } catch (const UsageError& error) {
      return error.what();
    }
    return "nothing was thrown";
  };
  FaceFitOptions options;
  EXPECT_NE(message(options).find("picture_px.width"), std::string::npos);
  options = person.Options();
  options.size = 0;
  EXPECT_NE(message(options).find("size = 0"), std::string::npos);
  options = person.Options();
  options.frame_error_mm = -1;
  EXPECT_NE(message(options).find("frame_error_mm = -1"), std::string::npos);
}

TEST(FaceFit, RefusesAHeadThatDoesNotKnowTheMesh) {
  LinearHeadData data;
  data.name = "block/1";
  data.topology.vertex_count = 3;
  data.topology.faces = {{0, 1, 2, 2}};
  data.topology.mirror = {-1, -1, -1};
  data.mean = Eigen::VectorXf::Zero(9);
  data.identity = Eigen::MatrixXf::Zero(9, 1);
  data.topology.mesh468.resize(468);
  const LinearHeadModel block(std::move(data));
  try {
    FitFace({}, block, SyntheticFace(FaceModel("canonical468")).Options());
    ADD_FAILURE() << "nothing was thrown";
  } catch (const DataError& error) {
    EXPECT_NE(std::string(error.what()).find("block/1"), std::string::npos);
  }
}

}  // namespace
}  // namespace maskbench
