// The causal mask: what it shows of a frame does not depend on what comes much later, nystagmus and
// blinks come through, and nothing is shown before there is something to show.
#include "maskbench/masking/causal_mask.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "maskbench/core/error.h"
#include "maskbench/head/head_registry.h"
#include "maskbench/reconstruct/eye_fit.h"

#include "nn/assets.h"
#include "reconstruct/synthetic_eyes.h"

namespace maskbench {
namespace {

using Frame = SyntheticEyes::Frame;
constexpr double kPi = 3.14159265358979323846;
constexpr FrameRate kRate{60, 1};
constexpr size_t kLatency = 6;

const Eigen::Matrix3Xd& Canonical() {
  static const Eigen::Matrix3Xd face = CanonicalFace(ModelsFolder());
  return face;
}
const std::array<Eigen::Vector3d, 2>& Globes() {
  static const auto globes = CanonicalGlobes(ModelsFolder());
  return globes;
}
const HeadModel& Model() {
  static const std::unique_ptr<HeadModel> model = MakeHeadModel("canonical468", ModelsFolder());
  return *model;
}

/// A recording as face tracker and eye network would have it.
struct Seen {
  std::vector<FaceObservation> faces;
  std::vector<std::optional<std::array<EyeEvidence, 2>>> eyes;

  /// @param mouth_mm  how far the lower lip is down, by frame.
  Seen(const SyntheticEyes& person, const std::vector<Frame>& frames,
       const std::vector<double>& mouth_mm = {}) {
    eyes = person.Read(frames, Canonical()).eyes;
    NamedRandom random(2, "causal mask", "mesh");
    const Eigen::Vector3d middle((person.picture_px.width - 1) / 2.0,
                                 -(person.picture_px.height - 1) / 2.0, 0);
    for (size_t i = 0; i < frames.size(); ++i) {
      FaceObservation face;
      face.frame = static_cast<std::int64_t>(i);
      face.status = FaceStatus::kTracked;
      for (int k = 0; k < kMeshPoints; ++k) {
        Eigen::Vector3d point = person.size * Canonical().col(k);
        // Lower lip, chin and jaw.
        if (!mouth_mm.empty() && point.y() < -76) point.y() -= mouth_mm[i];
        const Eigen::Vector3d p =
            person.px_per_mm * (SyntheticEyes::Rotation(frames[i]) * point) + middle;
        face.mesh[static_cast<size_t>(k)] = {
            static_cast<float>(p.x() + person.noise_px * random.Normal()),
            static_cast<float>(-p.y() + person.noise_px * random.Normal()),
            static_cast<float>(-p.z())};
      }
      faces.push_back(face);
    }
  }
  void Lose(size_t first, size_t last) {
    for (size_t i = first; i < last; ++i) {
      faces[i] = {};
      eyes[i].reset();
    }
  }
};

CausalMaskOptions Options() {
  CausalMaskOptions options;
  options.model = "canonical468";
  options.latency_frames = kLatency;
  return options;
}

std::vector<MaskFrame> Mask(const Seen& seen, size_t count,
                            const CausalMaskOptions& options = Options(),
                            MaskHeader* header = nullptr) {
  CausalMask mask(Model(), Canonical(), Globes(), {640, 480}, kRate, options);
  std::vector<MaskFrame> frames;
  for (size_t i = 0; i < count; ++i)
    if (auto frame = mask.Push(seen.faces[i], seen.eyes[i])) frames.push_back(*frame);
  while (auto frame = mask.Finish()) frames.push_back(*frame);
  mask.RequireFace();
  if (header != nullptr) *header = mask.header();
  return frames;
}

/// A frame's bytes in the file.
std::vector<std::string> Bytes(const MaskHeader& header, const std::vector<MaskFrame>& frames) {
  MaskFrameWriter writer(header);
  std::vector<std::string> bytes;
  for (const MaskFrame& frame : frames) writer.Put(frame, &bytes.emplace_back());
  return bytes;
}

std::vector<Frame> Quiet(const SyntheticEyes& person, int count) {
  std::vector<Frame> frames;
  for (int f = 0; f < count; ++f) {
    Frame frame;
    const double t = f / kRate.hz();
    frame.yaw = 3 * std::sin(0.7 * t);
    frame.pitch = 2 * std::sin(0.6 * t + 1);
    for (const Side side : kSides)
      frame.gaze_deg[static_cast<size_t>(side)] = person.AtCamera(frame, side);
    frames.push_back(frame);
  }
  return frames;
}

TEST(CausalMask, ARecordingThatIsCutGivesTheSameParameters) {
  SyntheticEyes person;
  person.noise_px = 0.3;
  std::vector<Frame> frames = Quiet(person, 360);
  std::vector<double> mouth_mm(frames.size(), 0);
  for (size_t i = 0; i < frames.size(); ++i) {
    for (Eigen::Vector2d& gaze : frames[i].gaze_deg)
      gaze += Eigen::Vector2d(15 * std::sin(0.05 * static_cast<double>(i)), 0);
    frames[i].covered[0] = i >= 150 && i < 190;
    if (i >= 220 && i < 260) mouth_mm[i] = 9;
  }
  Seen seen(person, frames, mouth_mm);
  seen.Lose(280, 310);
  MaskHeader header;
  const std::vector<std::string> whole = [&] {
    const std::vector<MaskFrame> shown = Mask(seen, frames.size(), Options(), &header);
    return Bytes(header, shown);
  }();
  EXPECT_EQ(header.mode, MaskMode::kCausal);
  EXPECT_EQ(header.latency_frames, static_cast<int>(kLatency));
  ASSERT_FALSE(header.expressions.empty());
  for (const size_t cut : {30u, 100u, 152u, 187u, 241u, 284u, 315u}) {
    MaskHeader cut_header;
    const std::vector<MaskFrame> part = Mask(seen, cut, Options(), &cut_header);
    ASSERT_EQ(part.size(), cut);
    EXPECT_EQ(cut_header.focal_px, header.focal_px);
    const std::vector<std::string> bytes = Bytes(cut_header, part);
    for (size_t i = 0; i + kLatency < cut; ++i) ASSERT_EQ(bytes[i], whole[i]) << cut << ", " << i;
  }
}

TEST(CausalMask, WhatIsCutOffDoesMatterToTheLastFrames) {
  // So that the test above would notice frames that look ahead.
  const SyntheticEyes person;
  std::vector<Frame> frames = Quiet(person, 200);
  for (size_t i = 150; i < 200; ++i) frames[i].yaw += 0.5 * static_cast<double>(i - 150);
  const Seen seen(person, frames);
  const std::vector<MaskFrame> whole = Mask(seen, 200), part = Mask(seen, 152);
  EXPECT_NE(whole[151].yaw_deg, part[151].yaw_deg);
  EXPECT_EQ(whole[145].yaw_deg, part[145].yaw_deg);
}

TEST(CausalMask, KeepsNystagmusOfTenHertzAndBlinks) {
  const SyntheticEyes person;
  std::vector<Frame> frames = Quiet(person, 420);
  const double open = person.upper_mm + person.lower_mm;
  for (size_t i = 0; i < frames.size(); ++i) {
    const double turn = 4 * std::sin(2 * kPi * 10 * static_cast<double>(i) / 60);
    for (Eigen::Vector2d& gaze : frames[i].gaze_deg) gaze.x() += turn;
  }
  for (size_t k = 1; k < 9; ++k) {  // 150 ms from open to open.
    Frame& frame = frames[390 + k];
    frame.lid_shift_mm = -open * std::pow(std::sin(kPi * static_cast<double>(k) / 9), 2);
    frame.shut = {open + frame.lid_shift_mm < 1, open + frame.lid_shift_mm < 1};
  }
  MaskHeader header;
  const std::vector<MaskFrame> shown =
      Mask(Seen(person, frames), frames.size(), Options(), &header);
  // As the file has them.
  std::string bytes;
  for (const std::string& frame : Bytes(header, shown)) bytes += frame;
  const MaskParameters file =
      ParseMaskParameters(MaskParametersFile(header, shown.size(), bytes), "test");
  for (size_t s = 0; s < 2; ++s) {
    double sine = 0, cosine = 0;
    for (size_t i = 60; i < 360; ++i) {
      const MaskEye& eye = file.frames[i].eyes[s];
      ASSERT_EQ(eye.status, MaskEyeStatus::kOpen) << i;
      const double phase = 2 * kPi * 10 * static_cast<double>(i) / 60;
      sine += eye.azimuth_deg * std::sin(phase) / 150;
      cosine += eye.azimuth_deg * std::cos(phase) / 150;
    }
    EXPECT_NEAR(std::hypot(sine, cosine), 4, 0.2);
    double least = open;
    for (size_t i = 385; i < 405; ++i) {
      const MaskEye& eye = file.frames[i].eyes[s];
      const double aperture = frames[i].shut[s] ? 0 : open + frames[i].lid_shift_mm;
      EXPECT_NEAR(eye.aperture_mm, aperture, 0.05 * open) << i;
      EXPECT_EQ(eye.status == MaskEyeStatus::kShut, frames[i].shut[s]) << i;
      least = std::min(least, eye.aperture_mm);
    }
    EXPECT_LT(least, 0.05 * open);
    EXPECT_NEAR(file.frames[380].eyes[s].aperture_mm, open, 0.05 * open);
  }
}

TEST(CausalMask, IsBlankUntilItIsCalibrated) {
  const SyntheticEyes person;
  Seen seen(person, Quiet(person, 120));
  seen.Lose(0, 10);
  const std::vector<MaskFrame> shown = Mask(seen, 120);
  for (size_t i = 0; i < 120; ++i) {
    const MaskFrame& frame = shown[i];
    EXPECT_EQ(frame.status, i < 10   ? MaskStatus::kLost
                            : i < 25 ? MaskStatus::kStarting
                                     : MaskStatus::kSeen)
        << i;
    EXPECT_EQ(frame.opacity, i < 25 ? 0 : 1) << i;
    if (i < 25) {
      EXPECT_EQ(frame.eyes[0].mrd1_mm, 0) << i;
    }
  }
}

TEST(CausalMask, EyesThatCannotBeMeasuredDoNotKeepAFaceBlank) {
  SyntheticEyes person;
  std::vector<Frame> frames = Quiet(person, 200);
  for (size_t i = 0; i < 150; ++i) frames[i].shut = {true, true};
  const std::vector<MaskFrame> shown = Mask(Seen(person, frames), frames.size());
  EXPECT_EQ(shown[59].opacity, 0);
  for (size_t i = 60; i < 150; ++i) {
    EXPECT_EQ(shown[i].status, MaskStatus::kStarting) << i;
    EXPECT_EQ(shown[i].opacity, 1) << i;
    EXPECT_EQ(shown[i].eyes[0].status, MaskEyeStatus::kShut) << i;
  }
  EXPECT_EQ(shown[199].status, MaskStatus::kSeen);
  // From average eyeballs to this person's without a jump.
  for (size_t i = 152; i < 200; ++i)
    EXPECT_NEAR(shown[i].px_per_mm / shown[i - 1].px_per_mm, 1, 0.004) << i;
}

TEST(CausalMask, AFaceThatIsLostIsHeldAndFades) {
  const SyntheticEyes person;
  Seen seen(person, Quiet(person, 200));
  seen.Lose(100, 160);
  const std::vector<MaskFrame> shown = Mask(seen, 200);
  EXPECT_EQ(shown[99].status, MaskStatus::kSeen);
  EXPECT_EQ(shown[100].status, MaskStatus::kHeld);
  EXPECT_EQ(shown[100].yaw_deg, shown[99].yaw_deg);
  EXPECT_EQ(shown[114].status, MaskStatus::kHeld);
  EXPECT_EQ(shown[115].status, MaskStatus::kLost);
  EXPECT_EQ(shown[140].opacity, 0);
  EXPECT_EQ(shown[160].status, MaskStatus::kSeen);
}

TEST(CausalMask, ExpressionsFollowAndRestRoundCovers) {
  const SyntheticEyes person;
  std::vector<Frame> frames = Quiet(person, 400);
  std::vector<double> mouth_mm(frames.size(), 0);
  for (size_t i = 0; i < frames.size(); ++i) {
    if ((i >= 150 && i < 200) || i >= 280) mouth_mm[i] = 10;
    frames[i].covered[1] = i >= 320 && i < 340;
  }
  MaskHeader header;
  const std::vector<MaskFrame> shown =
      Mask(Seen(person, frames, mouth_mm), frames.size(), Options(), &header);
  const auto largest = [&](size_t i) {
    double most = 0;
    for (const double activation : shown[i].expression) most = std::max(most, std::abs(activation));
    return most;
  };
  EXPECT_LT(largest(130), 0.05);
  EXPECT_GT(largest(175), 0.2);
  EXPECT_LT(largest(240), 0.05);
  EXPECT_GT(largest(305), 0.2);
  for (size_t i = 320; i < 352; ++i) EXPECT_LT(largest(i), i < 324 ? 0.1 : 0.05) << i;
  EXPECT_GT(largest(395), 0.2);
  // None of it jumps.
  for (size_t i = 61; i < 400; ++i) {
    for (size_t e = 0; e < header.expressions.size(); ++e)
      EXPECT_LT(std::abs(shown[i].expression[e] - shown[i - 1].expression[e]), 0.25)
          << i << " " << header.expressions[e];
  }
}

TEST(CausalMask, APolicyThatLooksAtThePatientWaitsForIt) {
  const SyntheticEyes person;
  const Seen seen(person, Quiet(person, 150));
  CausalMaskOptions options = Options();
  options.needs_face = options.needs_spacing = true;
  int asked = 0;
  options.choose = [&](const FaceIdentity* patient, std::optional<double> spacing_mm) {
    ++asked;
    EXPECT_TRUE(patient != nullptr && patient->known);
    EXPECT_TRUE(spacing_mm.has_value());
    EXPECT_NEAR(spacing_mm.value_or(0), 63.5, 2);
    return FaceShape{{0.5, -1}, 1.1};
  };
  MaskHeader header;
  const std::vector<MaskFrame> shown = Mask(seen, 150, options, &header);
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(header.identity, (std::vector<double>{0.5, -1}));
  EXPECT_EQ(header.scale, 1.1);
  EXPECT_EQ(shown[40].opacity, 0);
  EXPECT_EQ(shown[40].status, MaskStatus::kStarting);
  EXPECT_EQ(shown[100].opacity, 1);
}

TEST(CausalMask, NoFaceIsAnError) {
  const SyntheticEyes person;
  Seen seen(person, Quiet(person, 20));
  seen.Lose(0, 20);
  EXPECT_THROW(Mask(seen, 20), DataError);
}

}  // namespace
}  // namespace maskbench
