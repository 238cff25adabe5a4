#include "maskbench/perception/face_tracker.h"

#include <algorithm>
#include <cmath>
#include <fstream>

#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>

#include "maskbench/core/json.h"

#include "photos.h"

namespace maskbench {
namespace {

class FaceTrackerTest : public testing::Test {
 protected:
  FaceTrackerTest() : networks_(AssetsDir() / "models"), tracker_(networks_, {}) {}

  FaceObservation Look(const cv::Mat& photo) {
    tracker_.Reset();
    return tracker_.Process(photo);
  }

  NetworkLibrary networks_;
  FaceTracker tracker_;
};

/// Largest distance between two meshes, as a share of the face's width.
double LargestShare(const FaceObservation& a, const std::vector<cv::Point2f>& b) {
  double largest = 0;
  for (int i = 0; i < kMeshPoints; ++i) {
    const cv::Point2f d = a.point(i) - b[i];
    largest = std::max(largest, static_cast<double>(std::hypot(d.x, d.y)));
  }
  return largest / a.face_width_px();
}

TEST_F(FaceTrackerTest, FindsTheFaceWithSidesOfThePatient) {
  const FaceObservation face = Look(Photo("cage.jpg"));
  ASSERT_EQ(face.status, FaceStatus::kDetected);
  EXPECT_EQ(face.faces_found, 1);
  EXPECT_GT(face.presence, 0.9);
  // In an unmirrored picture the patient's right eye is on the left.
  EXPECT_LT(face.eye(Side::kRight).iris_centre().x, face.eye(Side::kLeft).iris_centre().x);
  for (const Side side : kSides) {
    const EyeObservation& eye = face.eye(side);
    const float low = std::min(eye.outer_corner().x, eye.inner_corner().x);
    const float high = std::max(eye.outer_corner().x, eye.inner_corner().x);
    EXPECT_GT(eye.iris_centre().x, low);
    EXPECT_LT(eye.iris_centre().x, high);
    EXPECT_NEAR(eye.iris_diameter_px() / (high - low), 0.42, 0.12);  // 11.7 of about 28 mm.
  }
}

TEST_F(FaceTrackerTest, TheMeshIsTheSameWithoutLookingForEyes) {
  const cv::Mat photo = Photo("cage.jpg");
  const FaceObservation whole = Look(photo);
  FaceTracker tracker(networks_, {}, TrackedParts::kMesh);
  const FaceObservation mesh = tracker.Process(photo);
  EXPECT_EQ(mesh.mesh, whole.mesh);
  EXPECT_EQ(mesh.presence, whole.presence);
  EXPECT_EQ(mesh.eye(Side::kRight).iris[0], cv::Point3f());
  EXPECT_NE(whole.eye(Side::kRight).iris[0], cv::Point3f());
}

TEST_F(FaceTrackerTest, FollowsShiftAndScale) {
  const cv::Mat photo = Photo("cage.jpg");
  const FaceObservation face = Look(photo);
  cv::Mat shifted;
  cv::copyMakeBorder(photo, shifted, 24, 0, 40, 0, cv::BORDER_REPLICATE);
  const FaceObservation moved = Look(shifted);
  cv::Mat smaller;
  cv::resize(photo, smaller, {}, 0.5, 0.5, cv::INTER_AREA);
  const FaceObservation scaled = Look(smaller);
  std::vector<cv::Point2f> moved_back, scaled_back;
  for (int i = 0; i < kMeshPoints; ++i) {
    moved_back.push_back(moved.point(i) - cv::Point2f(40, 24));
    scaled_back.push_back(2 * scaled.point(i) + cv::Point2f(0.5F, 0.5F));
  }
  EXPECT_LT(LargestShare(face, moved_back), 0.03);
  EXPECT_LT(LargestShare(face, scaled_back), 0.04);
}

TEST_F(FaceTrackerTest, AMirroredPictureSwapsTheSides) {
  const cv::Mat photo = Photo("cage.jpg");
  const FaceObservation face = Look(photo);
  cv::Mat mirrored;
  cv::flip(photo, mirrored, 1);
  const FaceObservation mirror = Look(mirrored);
  ASSERT_TRUE(mirror.has_face());
  for (const Side side : kSides) {
    const Side other = side == Side::kRight ? Side::kLeft : Side::kRight;
    const cv::Point2f a = face.eye(side).iris_centre(), b = mirror.eye(other).iris_centre();
    EXPECT_NEAR(a.x, static_cast<float>(photo.cols - 1) - b.x, 0.015 * face.face_width_px());
    EXPECT_NEAR(a.y, b.y, 0.015 * face.face_width_px());
  }
}

TEST_F(FaceTrackerTest, FollowsTheLargestOfTwoFacesAndCountsBoth) {
  const cv::Mat large = Photo("cage.jpg");
  cv::Mat small;
  cv::resize(Photo("audrey.jpg"), small, {}, 0.6, 0.6, cv::INTER_AREA);
  cv::Mat both(std::max(large.rows, small.rows), large.cols + small.cols, CV_8UC3,
               cv::Scalar::all(128));
  small.copyTo(both(cv::Rect(0, 0, small.cols, small.rows)));
  large.copyTo(both(cv::Rect(small.cols, 0, large.cols, large.rows)));
  const FaceObservation face = Look(both);
  EXPECT_EQ(face.faces_found, 2);
  ASSERT_TRUE(face.has_face());
  EXPECT_GT(face.point(mesh::kNoseTip).x, static_cast<float>(small.cols));
}

TEST_F(FaceTrackerTest, LosesTheFaceAndFindsItAgain) {
  const cv::Mat photo = Photo("cage.jpg");
  const cv::Mat empty(photo.size(), CV_8UC3, cv::Scalar(90, 120, 60));
  tracker_.Reset();
  std::vector<FaceStatus> statuses;
  for (const cv::Mat& frame : {photo, photo, empty, empty, photo, photo}) {
    statuses.push_back(tracker_.Process(frame).status);
  }
  EXPECT_EQ(statuses, (std::vector<FaceStatus>{FaceStatus::kDetected, FaceStatus::kTracked,
                                               FaceStatus::kNone, FaceStatus::kNone,
                                               FaceStatus::kDetected, FaceStatus::kTracked}));
}

TEST_F(FaceTrackerTest, FindsAFaceThatFillsThePicture) {
  EXPECT_TRUE(Look(Photo("Justin-Bieber2_crop.jpg")).has_face());
}

// Guards the version number: whoever changes what perception gives must raise
// FaceTracker::kVersion and renew the numbers (MASKBENCH_RENEW_GOLDEN=1 writes them).
TEST_F(FaceTrackerTest, OutputHasNotChangedWithoutAVersionBump) {
  const FaceObservation face = Look(Photo("cage.jpg"));
  std::vector<double> values;
  for (const int i : {mesh::kNoseTip, mesh::kChin, mesh::kRightEyeOuter, mesh::kLeftTemple}) {
    values.insert(values.end(), {face.mesh[i].x, face.mesh[i].y, face.mesh[i].z});
  }
  for (const Side side : kSides) {
    const EyeObservation& eye = face.eye(side);
    values.insert(values.end(), {eye.iris[0].x, eye.iris[0].y, eye.contour[12].y});
  }
  const std::filesystem::path file =
      std::filesystem::path(MASKBENCH_SOURCE_DIR) / "tests/perception/golden_track.json";
  if (std::getenv("MASKBENCH_RENEW_GOLDEN") != nullptr) {
    WriteJsonFile(file, {{"version", FaceTracker::kVersion}, {"values", values}});
  }
  const Json golden = ReadJsonFile(file);
  ASSERT_EQ(golden["version"].get<int>(), FaceTracker::kVersion) << "renew the golden numbers";
  ASSERT_EQ(golden["values"].size(), values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    // Processors round differently; a change of method moves points by more.
    EXPECT_NEAR(golden["values"][i].get<double>(), values[i], 0.02) << "value " << i;
  }
}

}  // namespace
}  // namespace maskbench
