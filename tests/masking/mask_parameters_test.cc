// The file of what a mask shows: round trip, size, and files that are no such file.
#include "maskbench/masking/mask_parameters.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/core/rng.h"

#include "masking/mask_fixtures.h"
#include "nn/expect_error.h"

namespace maskbench {
namespace {

/// A recording of somebody who looks around, blinks and is lost for a while.
MaskParameters Wandering(int frames) {
  MaskParameters parameters;
  parameters.header = TestMaskHeader();
  parameters.header.identity = {0.5, -1.25};
  parameters.header.scale = 1.0355;
  parameters.header.mode = MaskMode::kCausal;
  parameters.header.latency_frames = 4;
  parameters.header.expressions = {"mouth-open", "eyebrows-left-up"};
  parameters.header.stages.eyeball = false;
  NamedRandom random(7, "wandering", "mask parameters");
  for (int i = 0; i < frames; ++i) {
    const double t = i / 30.0;
    MaskFrame frame = TestMaskFrame();
    frame.yaw_deg = 10 * std::sin(t) + 0.1 * random.Normal();
    frame.pitch_deg = 4 * std::cos(0.7 * t);
    frame.roll_deg = -3 * std::sin(0.3 * t);
    frame.px_per_mm = 1.6 + 0.01 * std::sin(t);
    frame.place_px = {240 + 20 * std::sin(0.2 * t), 180 + 0.1 * random.Normal()};
    for (MaskEye& eye : frame.eyes) {
      eye.azimuth_deg = 20 * std::sin(2 * t) + 0.3 * random.Normal();
      eye.elevation_deg = -12 * std::cos(t) + 0.3 * random.Normal();
      eye.mrd1_mm = 4 + 0.1 * random.Normal();
      eye.mrd2_mm = 5.2 + 0.1 * random.Normal();
      eye.aperture_mm = eye.mrd1_mm + eye.mrd2_mm;
      if (i % 90 > 84) eye.status = MaskEyeStatus::kShut;
    }
    frame.expression = {0.3 * random.Uniform(), -0.0004};
    if (i % 200 > 190) frame.status = MaskStatus::kLost, frame.opacity = 0.5;
    parameters.frames.push_back(frame);
  }
  return parameters;
}

TEST(MaskParameters, ComeBackAsTheyWereWithinTheirSteps) {
  const MaskParameters written = Wandering(400);
  const std::string bytes = SerialiseMaskParameters(written);
  const MaskParameters read = ParseMaskParameters(bytes, "test");
  EXPECT_EQ(SerialiseMaskParameters(read), bytes);
  EXPECT_EQ(read.header.picture_px, written.header.picture_px);
  EXPECT_EQ(read.header.rate.numerator, 30);
  EXPECT_EQ(read.header.model, "parametric");
  EXPECT_EQ(read.header.mode, MaskMode::kCausal);
  EXPECT_EQ(read.header.latency_frames, 4);
  EXPECT_EQ(read.header.identity, written.header.identity);
  EXPECT_NEAR(read.header.scale, written.header.scale, 0.51 * mask_step::kScale);
  EXPECT_EQ(read.header.expressions, written.header.expressions);
  EXPECT_TRUE(read.header.stages.eyelid);
  EXPECT_FALSE(read.header.stages.eyeball);
  ASSERT_EQ(read.frames.size(), 400u);
  const double half = 0.5 + 1e-6;
  for (size_t i = 0; i < 400; ++i) {
    const MaskFrame &a = written.frames[i], &b = read.frames[i];
    EXPECT_EQ(a.status, b.status);
    EXPECT_NEAR(a.opacity, b.opacity, half * mask_step::kOpacity);
    EXPECT_NEAR(a.yaw_deg, b.yaw_deg, half * mask_step::kDegrees);
    EXPECT_NEAR(a.roll_deg, b.roll_deg, half * mask_step::kDegrees);
    EXPECT_NEAR(a.px_per_mm, b.px_per_mm, half * mask_step::kPixelsPerMillimetre);
    EXPECT_NEAR(a.place_px.x, b.place_px.x, half * mask_step::kPixels);
    EXPECT_NEAR(a.expression[0], b.expression[0], half * mask_step::kActivation);
    for (size_t s = 0; s < 2; ++s) {
      EXPECT_EQ(a.eyes[s].status, b.eyes[s].status);
      EXPECT_NEAR(a.eyes[s].azimuth_deg, b.eyes[s].azimuth_deg, half * mask_step::kDegrees);
      EXPECT_NEAR(a.eyes[s].elevation_deg, b.eyes[s].elevation_deg, half * mask_step::kDegrees);
      EXPECT_NEAR(a.eyes[s].mrd1_mm, b.eyes[s].mrd1_mm, half * mask_step::kMillimetres);
      EXPECT_NEAR(a.eyes[s].mrd2_mm, b.eyes[s].mrd2_mm, half * mask_step::kMillimetres);
      EXPECT_NEAR(a.eyes[s].aperture_mm, b.eyes[s].aperture_mm, half * mask_step::kMillimetres);
    }
  }
}

TEST(MaskParameters, AMinuteTakesLessThanHundredKilobytes) {
  EXPECT_LT(SerialiseMaskParameters(Wandering(1800)).size(), 100'000u);
}

TEST(MaskParameters, FilesAreWrittenAndReadWithTheirName) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "one.mask";
  WriteMaskParameters(file, Wandering(20));
  EXPECT_EQ(ReadFile(file), SerialiseMaskParameters(ReadMaskParameters(file)));
  ExpectDataError([&] { ReadMaskParameters(folder.path() / "none.mask"); }, {"none.mask"});
  WriteFileAtomically(file, "{\"format\": 5}\n");
  ExpectDataError([&] { ReadMaskParameters(file); }, {file.string(), "no file of mask parameters"});
}

TEST(MaskParameters, EveryShorterOrChangedFileIsRefused) {
  const std::string bytes = SerialiseMaskParameters(Wandering(5));
  const auto refuse = [](const std::string& damaged) {
    ExpectDataError([&] { ParseMaskParameters(damaged, "it.mask"); }, {"it.mask"});
  };
  for (size_t length = 0; length < bytes.size(); ++length) refuse(bytes.substr(0, length));
  for (size_t at = 0; at < bytes.size(); ++at) {
    for (const int bit : {0, 3, 7}) {
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
      refuse(damaged);
    }
  }
  ExpectDataError([&] { ParseMaskParameters(bytes + "x", "it.mask"); }, {"1 bytes after"});
}

TEST(MaskParameters, MessagesSayWhatIsWrong) {
  const std::string bytes = SerialiseMaskParameters(Wandering(3));
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string changed = bytes;
    const size_t at = changed.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return changed.replace(at, from.size(), to);
  };
  const auto expect = [](const std::string& changed, const std::vector<std::string>& parts) {
    ExpectDataError([&] { ParseMaskParameters(changed, "x"); }, parts);
  };
  expect(with("\"format_version\":3", "\"format_version\":9"), {"version 9", "version 3"});
  expect(with("\"causal\"", "\"casual\""), {"mode", "casual"});
  expect(with("\"latency_frames\":4", "\"latency_frames\":-4"), {"latency_frames"});
  expect(with("\"focal_px\"", "\"focal_mm\""), {"lacks something", "focal_px"});
  expect(with("\"width_px\":480", "\"width_px\":-48"), {"width_px"});
  expect(with("\"frames\":3", "\"frames\":4"), {"within frame 3 of 4"});
  expect(with("\"frames\":3", "\"frames\":-3"), {"how many frames"});
}

TEST(MaskParameters, ValuesThatCannotStandInAFileAreNotWritten) {
  MaskParameters parameters = Wandering(2);
  parameters.frames[1].eyes[0].mrd1_mm = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW(SerialiseMaskParameters(parameters), UsageError);
  parameters = Wandering(2);
  parameters.frames[1].expression.pop_back();
  EXPECT_THROW(SerialiseMaskParameters(parameters), UsageError);
}

}  // namespace
}  // namespace maskbench
