// What an oracle reads of a truth is what was shown: parameters drawn on the mask's own head, whose
// true geometry is read back.
#include "maskbench/masking/oracle_measures.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "masking/mask_fixtures.h"
#include "nn/expect_error.h"

namespace maskbench {
namespace {

MaskFrame Shown(const Eigen::Vector3d& head_deg, cv::Point2d place, double px_per_mm,
                const Eigen::Vector2d& right_deg, const Eigen::Vector2d& left_deg,
                double right_mrd1, double left_mrd1, double mrd2) {
  MaskFrame frame = TestMaskFrame();
  frame.yaw_deg = head_deg.x();
  frame.pitch_deg = head_deg.y();
  frame.roll_deg = head_deg.z();
  frame.place_px = place;
  frame.px_per_mm = px_per_mm;
  for (size_t s = 0; s < 2; ++s) {
    const Eigen::Vector2d& axis = s == 0 ? right_deg : left_deg;
    frame.eyes[s].azimuth_deg = axis.x();
    frame.eyes[s].elevation_deg = axis.y();
    frame.eyes[s].mrd1_mm = s == 0 ? right_mrd1 : left_mrd1;
    frame.eyes[s].mrd2_mm = mrd2;
  }
  return frame;
}

std::vector<MaskFrame> Frames() {
  return {Shown({0, 0, 0}, {239.5, 179.5}, 1.6, {0, 0}, {0, 0}, 4, 4, 5.2),
          Shown({0, 0, 0}, {200, 150}, 1.5, {0, 0}, {-14, 3}, 4, 1, 5),
          Shown({18, -6, 7}, {260, 170}, 1.55, {-10, 5}, {-10, 5}, 3.5, 3, 5.5),
          Shown({-15, 8, -10}, {230, 200}, 1.6, {12, -8}, {12, -8}, 4, 4.5, 4),
          Shown({3, 2, -2}, {245, 185}, 1.7, {0, 18}, {0, 18}, 3, 3, 6),
          Shown({0, 0, 0}, {239.5, 179.5}, 1.6, {0, -25}, {0, -25}, 5, 6, 3),
          Shown({0, 0, 0}, {239.5, 179.5}, 1.6, {0, 0}, {0, 0}, 7, 6.5, 6.5)};
}

/// The truth of a recording of the mask's own head, as a data set's maker would write it, of a
/// person who is `size` times as large and as far away: every pixel stays.
Json TruthOf(const std::vector<MaskFrame>& frames, double size = 1) {
  const MaskHeader header = TestMaskHeader();
  const MaskFace& face = TestMaskFace();
  Json truth = {{"format", "maskbench-virtual-truth"},
                {"format_version", 2},
                {"frames", frames.size()},
                {"camera",
                 {{"width_px", header.picture_px.width},
                  {"height_px", header.picture_px.height},
                  {"focal_px", header.focal_px}}}};
  truth["head_to_camera"] = Json::array();
  for (const MaskFrame& frame : frames) {
    const MaskFace::Posed posed = face.Pose(header, frame);
    Scene scene;
    scene.camera = posed.camera;
    const auto eyes = face.actor().Truth(posed.pose, face.actor().Pose(posed.pose), scene, nullptr);
    Json rows = Json::array();
    for (int r = 0; r < 3; ++r) {
      for (int c = 0; c < 3; ++c) rows.push_back(posed.pose.head.rotation(r, c));
      rows.push_back(size * posed.pose.head.translation_mm[r]);
    }
    truth["head_to_camera"].push_back(rows);
    for (const Side side : kSides) {
      const EyeFrameTruth& eye = eyes[static_cast<size_t>(side)];
      truth["anatomy"][ToString(side)]["hvid_mm"] = size * 11.7;
      Json& columns = truth[ToString(side)];
      columns["visual_axis_azimuth_deg"].push_back(eye.visual_axis_head_deg.x());
      columns["visual_axis_elevation_deg"].push_back(eye.visual_axis_head_deg.y());
      columns["pupillary_axis_azimuth_deg"].push_back(eye.pupillary_axis_head_deg.x());
      columns["pupillary_axis_elevation_deg"].push_back(eye.pupillary_axis_head_deg.y());
      columns["iris_x_px"].push_back(eye.iris.centre_px.x());
      columns["iris_y_px"].push_back(eye.iris.centre_px.y());
      columns["iris_major_px"].push_back(eye.iris.radii_px.x());
      columns["reflex_x_px"].push_back(eye.reflex_px.x());
      columns["reflex_y_px"].push_back(eye.reflex_px.y());
      for (const auto& [name, margin] :
           {std::pair("upper_margin_px", &eye.upper), std::pair("lower_margin_px", &eye.lower)}) {
        Json points = Json::array();
        for (size_t k = 0; k < margin->size(); k += 2) {
          points.push_back((*margin)[k].pixel.x());
          points.push_back((*margin)[k].pixel.y());
          points.push_back(1);
        }
        columns[name].push_back(points);
      }
    }
  }
  return truth;
}

MaskParameters Read(const Json& truth) {
  return OracleMaskParameters(truth, "truth of r1", {30, 1}, TestMaskFace().face_from_model(), {});
}

class OracleMeasuresTest : public testing::TestWithParam<double> {};

TEST_P(OracleMeasuresTest, ReadsWhatTheMaskWasAskedToShow) {
  const std::vector<MaskFrame> frames = Frames();
  const MaskParameters read = Read(TruthOf(frames, GetParam()));
  EXPECT_EQ(read.header.picture_px, cv::Size(480, 360));
  EXPECT_EQ(read.header.focal_px, TestMaskHeader().focal_px);
  EXPECT_EQ(read.header.iris_diameter_mm, 11.7);
  EXPECT_NEAR(read.header.camera_distance_mm, 650, 15);
  ASSERT_EQ(read.frames.size(), frames.size());
  for (size_t i = 0; i < frames.size(); ++i) {
    SCOPED_TRACE(i);
    const MaskFrame &asked = frames[i], &frame = read.frames[i];
    EXPECT_EQ(frame.status, MaskStatus::kSeen);
    EXPECT_EQ(frame.opacity, 1);
    EXPECT_NEAR(frame.yaw_deg, asked.yaw_deg, 0.05);
    EXPECT_NEAR(frame.pitch_deg, asked.pitch_deg, 0.05);
    EXPECT_NEAR(frame.roll_deg, asked.roll_deg, 0.05);
    EXPECT_NEAR(frame.px_per_mm / asked.px_per_mm, 1, 0.005);
    EXPECT_NEAR(frame.place_px.x, asked.place_px.x, 0.2);
    EXPECT_NEAR(frame.place_px.y, asked.place_px.y, 0.2);
    for (size_t s = 0; s < 2; ++s) {
      SCOPED_TRACE(s);
      EXPECT_EQ(frame.eyes[s].status, MaskEyeStatus::kOpen);
      EXPECT_NEAR(frame.eyes[s].azimuth_deg, asked.eyes[s].azimuth_deg, 0.1);
      EXPECT_NEAR(frame.eyes[s].elevation_deg, asked.eyes[s].elevation_deg, 0.1);
      EXPECT_NEAR(frame.eyes[s].mrd1_mm, asked.eyes[s].mrd1_mm, 0.05);
      EXPECT_NEAR(frame.eyes[s].mrd2_mm, asked.eyes[s].mrd2_mm, 0.05);
      EXPECT_GT(frame.eyes[s].aperture_mm, 0);
    }
  }
  // An eye that looks into the camera is as wide open in the iris' column as in the reflex'.
  EXPECT_NEAR(read.frames[0].eyes[0].aperture_mm, 9.2, 0.2);
}

// A larger person farther away makes the same picture, so an observer, who takes every iris for
// 11.7 mm, reads the same.
INSTANTIATE_TEST_SUITE_P(Sizes, OracleMeasuresTest, testing::Values(1.0, 1.07));

TEST(OracleMeasures, ClosedAndCoveredEyesAreTold) {
  std::vector<MaskFrame> frames(4, Frames()[0]);
  frames[1].eyes[0].status = MaskEyeStatus::kShut;
  frames[2].eyes[1].azimuth_deg = 20;
  frames[2].eyes[1].mrd1_mm = 2;
  Json truth = TruthOf(frames);
  const auto hide = [&](size_t frame, size_t points) {
    Json& margin = truth["left"]["upper_margin_px"][frame];
    for (size_t k = 0; k < points; ++k) margin[3 * k + 2] = 0;
  };
  hide(2, 9);
  hide(3, 8);
  const MaskParameters read = Read(truth);
  EXPECT_EQ(read.frames[1].eyes[0].status, MaskEyeStatus::kShut);
  EXPECT_LT(read.frames[1].eyes[0].aperture_mm, 0.3);
  EXPECT_EQ(read.frames[1].eyes[1].status, MaskEyeStatus::kOpen);
  // Nothing of a covered eye gets into the file: neither where it looks nor how its lids stand.
  EXPECT_EQ(read.frames[2].eyes[1].status, MaskEyeStatus::kNotSeen);
  EXPECT_EQ(read.frames[2].eyes[1].azimuth_deg, read.frames[1].eyes[1].azimuth_deg);
  EXPECT_EQ(read.frames[2].eyes[1].mrd1_mm, read.frames[1].eyes[1].mrd1_mm);
  EXPECT_EQ(read.frames[3].eyes[1].status, MaskEyeStatus::kOpen);
  // What is read can be written.
  EXPECT_EQ(ParseMaskParameters(SerialiseMaskParameters(read), "it").frames.size(), 4u);
}

TEST(OracleMeasures, OptionsReachTheHeader) {
  OracleOptions options;
  options.model = "canonical468";
  options.stages.eyelid = false;
  const MaskHeader header = OracleMaskParameters(TruthOf({Frames()[0]}), "it", {25, 1},
                                                 Eigen::Matrix3d::Identity(), options)
                                .header;
  EXPECT_EQ(header.model, "canonical468");
  EXPECT_FALSE(header.stages.eyelid);
  EXPECT_EQ(header.rate.numerator, 25);
}

TEST(OracleMeasures, OtherFilesAreRefusedByName) {
  const Json good = TruthOf({Frames()[0]});
  ExpectDataError([] { Read(Json()); }, {"truth of r1", "no truth of a virtual recording"});
  Json bad = good;
  bad["format_version"] = 3;
  ExpectDataError([&] { Read(bad); }, {"truth of r1", "version 3"});
  bad = good;
  bad["left"].erase("reflex_x_px");
  ExpectDataError([&] { Read(bad); }, {"truth of r1", "reflex_x_px"});
  bad = good;
  bad["head_to_camera"].push_back(bad["head_to_camera"][0]);
  ExpectDataError([&] { Read(bad); }, {"truth of r1", "pose"});
  bad = good;
  bad["right"]["iris_x_px"][0] = nullptr;
  ExpectDataError([&] { Read(bad); }, {"truth of r1", "iris"});
}

}  // namespace
}  // namespace maskbench
