#include "maskbench/render/eye_truth.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <Eigen/Dense>
#include <gtest/gtest.h>

#include "maskbench/core/error.h"

#include "test_person.h"

namespace maskbench {
namespace {

constexpr int kFine = 4;  // Label images are drawn so much larger than the camera of the truth.

Camera Enlarged(const Camera& camera) {
  Camera fine = camera;
  fine.width_px *= kFine;
  fine.height_px *= kFine;
  fine.focal_px *= kFine;
  fine.principal_px = (camera.principal_px.array() + 0.5) * kFine - 0.5;
  return fine;
}

bool IsEye(unsigned char label) {
  switch (static_cast<Part>(label)) {
    case Part::kSclera:
    case Part::kIris:
    case Part::kPupil:
    case Part::kCaruncle:
      return true;
    default:
      return false;
  }
}

struct Errors {
  std::vector<double> margins;  // Signed.
  double iris_worst = 0, pupil_worst = 0;
  int irises = 0, pupils = 0;
};

// Compares the truth with label images; distances in pixels of the camera.
void Compare(const Actor& actor, const ActorPose& pose, Errors* errors) {
  Scene scene = TestScene();
  scene.camera.focal_px = 1300;
  const Actor::Posed posed = actor.Pose(pose);
  Scene fine = scene;
  fine.camera = Enlarged(scene.camera);
  actor.AddTo(pose, posed, &fine);
  RenderOptions options;
  options.labels = options.depth = true;
  options.shadows = false;
  Renderer renderer;
  const RenderedFrame frame = renderer.Render(fine, options);
  const auto truths = actor.Truth(pose, posed, scene, nullptr);
  auto label = [&](const Eigen::Vector2d& pixel) -> unsigned char {
    const Eigen::Vector2d at = (pixel.array() + 0.5) * kFine - 0.5;
    const int x = static_cast<int>(std::lround(at.x())), y = static_cast<int>(std::lround(at.y()));
    if (x < 0 || y < 0 || x >= frame.labels.cols || y >= frame.labels.rows) return 0;
    return frame.labels.at<unsigned char>(y, x);
  };
  for (const EyeFrameTruth& truth : truths) {
    const Eigen::Vector2d along = (truth.lateral_corner_px - truth.medial_corner_px).normalized();
    Eigen::Vector2d up(along.y(), -along.x());
    if (up.y() > 0) up = -up;
    for (int k = 5; k < EyeFrameTruth::kMarginPoints - 5; ++k)
      for (bool upper : {true, false}) {
        const Eigen::Vector2d at = upper ? truth.upper[k].pixel : truth.lower[k].pixel;
        const Eigen::Vector2d other = upper ? truth.lower[k].pixel : truth.upper[k].pixel;
        if ((at - other).norm() < 2.5) continue;  // Shut here.
        const Eigen::Vector2d inwards = upper ? Eigen::Vector2d(-up) : up;
        // The label's border along the line across the margin.
        double border = std::nan("");
        for (double s = -2; s < 2; s += 0.02)
          if (!IsEye(label(at + s * inwards)) && IsEye(label(at + (s + 0.02) * inwards)))
            border = s + 0.01;
        ASSERT_FALSE(std::isnan(border)) << "no border near margin point " << k;
        errors->margins.push_back(border);
      }
    // Limbus and pupil: ellipses through the label's border where it meets sclera (or iris).
    for (const bool pupil : {false, true}) {
      const PixelEllipse& ellipse = pupil ? truth.pupil : truth.iris;
      std::vector<Eigen::Vector2d> border;
      for (int k = 0; k < 180; ++k) {
        const double angle = k * 3.14159265358979323846 / 90;
        const Eigen::Vector2d direction(std::cos(angle), std::sin(angle));
        for (double s = 0.3; s < 1.7; s += 0.002) {
          const double r = s * ellipse.radii_px.minCoeff();
          const auto a = static_cast<Part>(label(ellipse.centre_px + r * direction));
          const auto b = static_cast<Part>(label(ellipse.centre_px + (r + 0.02) * direction));
          const bool crosses = pupil
                                   ? a == Part::kPupil && b == Part::kIris
                                   : (a == Part::kIris || a == Part::kPupil) && b == Part::kSclera;
          if (!crosses) continue;
          border.push_back(ellipse.centre_px + (r + 0.01) * direction);
          break;
        }
      }
      // Shift of the outline that fits the border best (the true outline moves, its shape stays).
      if (border.size() < 50) continue;
      Eigen::Matrix2d normal = Eigen::Matrix2d::Zero();
      Eigen::Vector2d right = Eigen::Vector2d::Zero();
      const Eigen::Vector2d axis(std::cos(ellipse.angle_rad), std::sin(ellipse.angle_rad));
      for (const Eigen::Vector2d& point : border) {
        const Eigen::Vector2d p = point - ellipse.centre_px;
        const Eigen::Vector2d q(p.dot(axis) / ellipse.radii_px.x(),
                                (p.y() * axis.x() - p.x() * axis.y()) / ellipse.radii_px.y());
        const Eigen::Vector2d slope(q.x() / ellipse.radii_px.x(), q.y() / ellipse.radii_px.y());
        const Eigen::Vector2d gradient(slope.x() * axis.x() - slope.y() * axis.y(),
                                       slope.x() * axis.y() + slope.y() * axis.x());
        const Eigen::Vector2d outwards = gradient.normalized();
        const double residual = (q.norm() - 1) * q.norm() / gradient.norm();
        normal += outwards * outwards.transpose();
        right += outwards * residual;
      }
      const double error = normal.ldlt().solve(right).norm();
      if (pupil) {
        errors->pupil_worst = std::max(errors->pupil_worst, error);
        ++errors->pupils;
      } else {
        errors->iris_worst = std::max(errors->iris_worst, error);
        ++errors->irises;
      }
    }
  }
}

TEST(EyeTruth, AgreesWithLabelImages) {
  Errors errors;
  for (int number = 0; number < 4; ++number) {
    const auto actor = TestPeople::Get().Make(number);
    for (double yaw : {-20.0, 0.0, 15.0})
      for (double gaze : {-20.0, 0.0, 20.0})
        for (double mrd1 : {2.0, 4.2, 6.5}) {
          ActorPose pose;
          pose.head = Pose::OfHead(yaw, number * 4 - 6, number * 3 - 4, {5, 30, 620});
          for (Side side : kSides) {
            const int s = static_cast<int>(side);
            pose.eyes[s].azimuth_deg = gaze;
            pose.eyes[s].elevation_deg = gaze / 4;
            pose.eyes[s].protrusion_mm = number;
            pose.lids[s] = actor->RestingLids(side);
            pose.lids[s] = actor->Lids(side, pose, mrd1, 5.3, {0, 0, 0});
          }
          Compare(*actor, pose, &errors);
        }
  }
  double sum = 0, sum2 = 0;
  for (double& error : errors.margins) {
    sum += error;
    sum2 += error * error;
    error = std::abs(error);
  }
  const double count = static_cast<double>(errors.margins.size());
  const double rms = std::sqrt(sum2 / count);
  std::sort(errors.margins.begin(), errors.margins.end());
  const double high = errors.margins[static_cast<size_t>(0.99 * count)];
  RecordProperty("margin_rms_px", std::to_string(rms));
  RecordProperty("margin_bias_px", std::to_string(sum / count));
  RecordProperty("margin_99_percentile_px", std::to_string(high));
  RecordProperty("margin_worst_px", std::to_string(errors.margins.back()));
  RecordProperty("iris_worst_px", std::to_string(errors.iris_worst));
  RecordProperty("pupil_worst_px", std::to_string(errors.pupil_worst));
  RecordProperty("irises", errors.irises);
  EXPECT_GT(count, 5000);
  EXPECT_GT(errors.irises, 20);
  EXPECT_GT(errors.pupils, 100);
  EXPECT_LT(rms, 0.15);
  EXPECT_LT(high, 0.3);
  EXPECT_LT(errors.margins.back(), 1.0);
  EXPECT_LT(errors.iris_worst, 0.3);
  EXPECT_LT(errors.pupil_worst, 0.3);
}

// MRD1 read from a label image of a far camera, without any of the code that solves for it.
TEST(EyeTruth, Mrd1FromLabelsIsTheTarget) {
  const auto actor = TestPeople::Get().Make(2);
  Renderer renderer;
  for (double mrd1 : {-2.0, 0.0, 2.0, 4.0, 6.0, 8.0}) {
    ActorPose pose;
    pose.head = Pose::OfHead(0, 0, 0, {0, 0, 20000});
    for (Side side : kSides) {
      const int s = static_cast<int>(side);
      pose.lids[s] = actor->RestingLids(side);
      pose.lids[s] = actor->Lids(side, pose, mrd1, 5.0, {0, 0, 0});
    }
    Scene scene = TestScene();
    scene.camera.width_px = 1600;
    scene.camera.height_px = 600;
    scene.camera.principal_px = {799.5, 299.5};
    constexpr double kPixelsPerMm = 16;
    scene.camera.focal_px = 20000 * kPixelsPerMm;
    const Actor::Posed posed = actor->Pose(pose);
    actor->AddTo(pose, posed, &scene);
    RenderOptions options;
    options.labels = true;
    const RenderedFrame frame = renderer.Render(scene, options);
    for (Side side : kSides) {
      // A far coaxial light is mirrored where the cornea faces the camera: over its centre.
      const Eigen::Vector3d reflex =
          pose.head *
          (posed.eyes[static_cast<int>(side)].globe_centre_mm + Eigen::Vector3d(0, 0, 13.1));
      const Eigen::Vector2d pixel = scene.camera.Project(reflex);
      const int x = static_cast<int>(std::lround(pixel.x()));
      int first = -1;
      for (int y = 0; y < frame.labels.rows && first < 0; ++y)
        if (IsEye(frame.labels.at<unsigned char>(y, x))) first = y;
      ASSERT_GE(first, 0);
      EXPECT_NEAR((pixel.y() - (first - 0.5)) / kPixelsPerMm, mrd1, 0.1) << mrd1;
    }
  }
}

// The drawn reflex lies where the truth says: the difference between pictures with and without it.
TEST(EyeTruth, DrawnReflexLiesAtTheTrueOne) {
  const auto actor = TestPeople::Get().Make(3);
  Renderer renderer;
  double worst = 0;
  std::vector<double> shift, dioptres;
  for (double azimuth : {-15.0, -5.0, 0.0, 5.0, 15.0}) {
    ActorPose pose;
    pose.head = Pose::OfHead(0, 0, 0, {0, 0, 600});
    for (Side side : kSides) {
      const int s = static_cast<int>(side);
      pose.eyes[s].azimuth_deg = azimuth;
      pose.lids[s] = actor->RestingLids(side);
      pose.lids[s] = actor->Lids(side, pose, 6.0, 5.5, {0, 0, 0});
    }
    const Actor::Posed posed = actor->Pose(pose);
    std::array<cv::Mat, 2> pictures;
    std::array<EyeFrameTruth, 2> truth;
    for (bool lit : {false, true}) {
      Scene scene = TestScene();
      scene.camera.focal_px = 2400;
      scene.lighting.reflex_strength = lit ? 6.0f : 0.0f;
      actor->AddTo(pose, posed, &scene);
      pictures[lit] = renderer.Render(scene).linear.clone();
      truth = actor->Truth(pose, posed, scene, nullptr);
    }
    cv::Mat difference;
    cv::transform(pictures[1] - pictures[0], difference, cv::Matx13f(1, 1, 1));
    for (const EyeFrameTruth& eye : truth) {
      const int x0 = static_cast<int>(eye.reflex_px.x()) - 12,
                y0 = static_cast<int>(eye.reflex_px.y()) - 12;
      double sum = 0, x = 0, y = 0;
      for (int j = y0; j < y0 + 25; ++j)
        for (int i = x0; i < x0 + 25; ++i) {
          const double value = difference.at<float>(j, i);
          sum += value;
          x += value * i;
          y += value * j;
        }
      ASSERT_GT(sum, 1.0);
      worst = std::max(worst, (Eigen::Vector2d(x / sum, y / sum) - eye.reflex_px).norm());
      // Hirschberg: reflex against the pupil in the frontal plane.
      shift.push_back(eye.measures.reflex_mm.x() - eye.measures.pupil_mm.x());
      dioptres.push_back(100 * std::tan(eye.pupillary_axis_head_deg.x() * 0.017453293));
    }
  }
  // Slope of dioptres over millimetres, each eye for itself: the camera is not straight before it.
  double ratio = 0;
  for (size_t eye = 0; eye < 2; ++eye) {
    double mean_s = 0, mean_d = 0, cross = 0, square = 0;
    const double count = static_cast<double>(shift.size()) / 2;
    for (size_t k = eye; k < shift.size(); k += 2) {
      mean_s += shift[k] / count;
      mean_d += dioptres[k] / count;
    }
    for (size_t k = eye; k < shift.size(); k += 2) {
      cross += (shift[k] - mean_s) * (dioptres[k] - mean_d);
      square += (shift[k] - mean_s) * (shift[k] - mean_s);
    }
    ratio += 0.5 * std::abs(cross / square);
  }
  RecordProperty("reflex_worst_px", std::to_string(worst));
  RecordProperty("hirschberg_dioptres_per_mm", std::to_string(ratio));
  EXPECT_LT(worst, 0.3);
  EXPECT_NEAR(ratio, 19.9, 1.9);
}

TEST(EyeTruth, CoveredIrisStillHasItsCentre) {
  const auto actor = TestPeople::Get().Make(1);
  ActorPose pose;
  for (Side side : kSides) pose.lids[static_cast<int>(side)] = actor->RestingLids(side);
  Scene scene = TestScene();
  Renderer renderer;
  RenderOptions options;
  options.labels = options.depth = true;
  std::array<Eigen::Vector2d, 2> centre;
  for (bool shut : {false, true}) {
    Scene frame_scene = scene;
    for (Side side : kSides) {
      const int s = static_cast<int>(side);
      if (shut) pose.lids[s] = CloseLids(pose.lids[s], 1, actor->ClosedHeightMm(side));
    }
    const Actor::Posed posed = actor->Pose(pose);
    actor->AddTo(pose, posed, &frame_scene);
    const RenderedFrame frame = renderer.Render(frame_scene, options);
    const auto truth = actor->Truth(pose, posed, frame_scene, &frame);
    for (int s = 0; s < 2; ++s) {
      if (shut) {
        EXPECT_EQ(truth[s].iris_visible, 0.0);
        EXPECT_EQ(truth[s].iris.centre_px, centre[s]);
      } else {
        EXPECT_GT(truth[s].iris_visible, 0.5);
        centre[s] = truth[s].iris.centre_px;
      }
    }
  }
}

TEST(EyeTruth, NoseHidesTheFarMarginInProfile) {
  const auto actor = TestPeople::Get().Make(1);
  ActorPose pose;
  pose.head = Pose::OfHead(60, 0, 0, {0, 0, 600});  // Turned to the left: the left eye is far.
  for (Side side : kSides) pose.lids[static_cast<int>(side)] = actor->RestingLids(side);
  Scene scene = TestScene();
  const Actor::Posed posed = actor->Pose(pose);
  actor->AddTo(pose, posed, &scene);
  RenderOptions options;
  options.labels = options.depth = true;
  Renderer renderer;
  const RenderedFrame frame = renderer.Render(scene, options);
  const auto truth = actor->Truth(pose, posed, scene, &frame);
  auto seen = [](const EyeFrameTruth& eye) {
    int count = 0;
    for (const MarginPoint& point : eye.upper) count += point.visible;
    return count;
  };
  const int near = seen(truth[static_cast<int>(Side::kRight)]);
  EXPECT_GT(near, 20);
  EXPECT_LT(seen(truth[static_cast<int>(Side::kLeft)]), near);
}

TEST(FitEllipse, RecoversAKnownEllipse) {
  std::vector<Eigen::Vector2d> points;
  const double angle = 0.4;
  for (int k = 0; k < 12; ++k) {
    const double t = k * 0.3;
    const Eigen::Vector2d p(30 * std::cos(t), 20 * std::sin(t));
    points.emplace_back(300 + p.x() * std::cos(angle) - p.y() * std::sin(angle),
                        200 + p.x() * std::sin(angle) + p.y() * std::cos(angle));
  }
  const PixelEllipse ellipse = FitEllipse(points);
  EXPECT_NEAR((ellipse.centre_px - Eigen::Vector2d(300, 200)).norm(), 0, 1e-6);
  EXPECT_NEAR(ellipse.radii_px.x(), 30, 1e-6);
  EXPECT_NEAR(ellipse.radii_px.y(), 20, 1e-6);
  EXPECT_NEAR(std::remainder(ellipse.angle_rad - angle, 3.14159265358979), 0, 1e-6);
  EXPECT_THROW(FitEllipse({{0, 0}, {1, 0}}), DataError);
}

}  // namespace
}  // namespace maskbench
