#include "maskbench/masking/mask_reconstruction.h"

#include <cmath>
#include <limits>

#include <Eigen/Geometry>
#include <gtest/gtest.h>

#include "maskbench/masking/mask_measures.h"

#include "nn/expect_error.h"

namespace maskbench {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// Three frames, the middle one without a face; numbers that no decimal text or float32 keeps.
MaskReconstruction Example() {
  MaskReconstruction made;
  made.picture_px = {640, 480};
  made.rate = {30000, 1001};
  made.model = "canonical468";
  made.camera_distance_mm = 600.0 / 7;
  made.iris_diameter_mm = 11.7;
  made.sights.resize(3);
  for (const size_t i : {size_t{0}, size_t{2}}) {
    MaskSight& sight = made.sights[i];
    sight.seen = true;
    sight.rotation =
        Eigen::AngleAxisd(0.1 + 0.2 * static_cast<double>(i), Eigen::Vector3d(1, 2, 3).normalized())
            .toRotationMatrix();
    sight.px_per_mm = 2.1 + 1.0 / 3;
    sight.between_px = {100.0 / 3, -200.0 / 7};
    for (MaskEyeSight& eye : sight.eyes) eye = {0.9, 0.1, 1.0 / 3, -2.0 / 3, 4.1, 5.3, 9.9 + 1e-13};
  }
  made.sights[2].eyes[1].mrd1_mm = kNan;
  made.eye_spacing_mm = 61.0 + 1.0 / 7;
  made.face.emplace();
  made.face->identity.known = true;
  made.face->identity.identity = Eigen::VectorXd::LinSpaced(40, -1.0 / 3, 2.0 / 3);
  made.face->identity.scale = 1.01 + 1e-14;
  made.face->expressions = {"jaw", "brow"};
  made.face->activations = {{0.1, 0.2}, {0, 0}, {1.0 / 3, -0.5}};
  made.face->reprojection_px_rms = 3.1;
  made.face->frames_fitted = 2;
  return made;
}

MaskReconstruction Again(const MaskReconstruction& made) {
  return ParseMaskReconstruction(SerialiseMaskReconstruction(made), "test");
}

TEST(MaskReconstruction, EveryNumberComesBackAsItWas) {
  const MaskReconstruction made = Example(), again = Again(made);
  EXPECT_EQ(again.picture_px, made.picture_px);
  EXPECT_EQ(again.rate.numerator, 30000);
  EXPECT_EQ(again.rate.denominator, 1001);
  EXPECT_EQ(again.model, "canonical468");
  EXPECT_EQ(again.camera_distance_mm, made.camera_distance_mm);
  EXPECT_EQ(again.eye_spacing_mm, made.eye_spacing_mm);
  ASSERT_EQ(again.sights.size(), 3u);
  EXPECT_FALSE(again.sights[1].seen);
  for (const size_t i : {size_t{0}, size_t{2}}) {
    EXPECT_TRUE(again.sights[i].seen);
    EXPECT_EQ(again.sights[i].rotation, made.sights[i].rotation);
    EXPECT_EQ(again.sights[i].px_per_mm, made.sights[i].px_per_mm);
    EXPECT_EQ(again.sights[i].between_px, made.sights[i].between_px);
    EXPECT_EQ(again.sights[i].eyes[0].aperture_mm, 9.9 + 1e-13);
  }
  EXPECT_TRUE(std::isnan(again.sights[2].eyes[1].mrd1_mm));
  EXPECT_EQ(again.sights[2].eyes[1].mrd2_mm, 5.3);
  EXPECT_EQ(again.face->identity.identity, made.face->identity.identity);
  EXPECT_EQ(again.face->identity.scale, made.face->identity.scale);
  EXPECT_EQ(again.face->activations, made.face->activations);
  EXPECT_EQ(again.face->Notes(), made.face->Notes());
  EXPECT_EQ(SerialiseMaskReconstruction(again), SerialiseMaskReconstruction(made));
}

TEST(MaskReconstruction, GivesTheSameMaskAfterReading) {
  const MaskReconstruction made = Example(), again = Again(made);
  MaskMeasureOptions options;
  options.expressions = &*made.face;
  const MaskParameters before = MeasureMask(made, options);
  options.expressions = &*again.face;
  const MaskParameters after = MeasureMask(again, options);
  EXPECT_EQ(SerialiseMaskParameters(before), SerialiseMaskParameters(after));
  EXPECT_EQ(before.frames[1].status, MaskStatus::kHeld);
}

TEST(MaskReconstruction, WithoutAFaceOrASpacing) {
  MaskReconstruction made = Example();
  made.face.reset();
  made.eye_spacing_mm.reset();
  EXPECT_FALSE(Again(made).face.has_value());
  EXPECT_FALSE(Again(made).eye_spacing_mm.has_value());
}

TEST(MaskReconstruction, DamagedBytesAreOneSentence) {
  std::string bytes = SerialiseMaskReconstruction(Example());
  ExpectDataError([&] { ParseMaskReconstruction(bytes.substr(0, bytes.size() / 2), "cut"); },
                  {"cut"});
  ExpectDataError([] { ParseMaskReconstruction("", "empty"); }, {"empty"});
  Json json = Json::from_msgpack(bytes);
  json["frames"][0].erase(3);
  std::vector<std::uint8_t> damaged = Json::to_msgpack(json);
  ExpectDataError(
      [&] {
        ParseMaskReconstruction({damaged.begin(), damaged.end()}, "short");
      },
      {"short", "25", "26"});
  json = Json::from_msgpack(bytes);
  json["face"]["activations"].erase(0);
  damaged = Json::to_msgpack(json);
  ExpectDataError(
      [&] {
        ParseMaskReconstruction({damaged.begin(), damaged.end()}, "uneven");
      },
      {"uneven", "2", "3"});
  json = Json::from_msgpack(bytes);
  json.erase("rate");
  damaged = Json::to_msgpack(json);
  ExpectDataError(
      [&] {
        ParseMaskReconstruction({damaged.begin(), damaged.end()}, "rateless");
      },
      {"rateless", "rate"});
}

}  // namespace
}  // namespace maskbench
