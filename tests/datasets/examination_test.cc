#include "datasets/virtual_clinic/examination.h"

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include <gtest/gtest.h>

#include "maskbench/core/files.h"
#include "maskbench/core/hash.h"

#include "datasets/virtual_clinic/recorder.h"
#include "datasets/virtual_clinic/studio.h"

namespace maskbench::virtual_clinic {
namespace {

const Studio& TheStudio() {
  const char* assets = std::getenv("MASKBENCH_ASSETS");
  const std::filesystem::path folder = assets != nullptr ? assets : MASKBENCH_ASSETS_DIR;
  static const Studio studio(folder / "models", folder / "npm");
  return studio;
}

const Actor& ThePerson() {
  static const std::shared_ptr<const Actor> actor = [] {
    Subject subject = DrawSubject(TheStudio().head(), 11, "examined", EvenStratum(11, 1));
    subject.hair_style.clear();
    return TheStudio().Cast(subject, 256);
  }();
  return *actor;
}

// A healthy eye pair with nothing random in lids or alignment.
Patient Plain() {
  Patient patient;
  for (EyeSigns& eye : patient.eyes) {
    eye.mrd1_mm = 4.0;
    eye.mrd2_mm = 5.2;
  }
  patient.blink_rate_hz = 0.001;
  return patient;
}

// Examination, and truth of a frame.
struct Played {
  Session session;
  std::unique_ptr<Examination> exam;

  explicit Played(const Patient& patient, double seconds = 12, const std::string& id = "r1") {
    session = DrawSession(11, "examined", 0, 640, 480);
    exam = std::make_unique<Examination>(ThePerson(), patient, session, 11, id, seconds, 60);
  }
  std::array<EyeFrameTruth, 2> Truth(int frame) const {
    const ExamFrame& at = exam->frames().at(static_cast<size_t>(frame));
    Scene scene;
    scene.camera = session.camera;
    scene.lighting = session.lighting;
    return ThePerson().Truth(at.pose, ThePerson().Pose(at.pose), scene, nullptr);
  }
  // Last frame of the n-th segment of a step.
  int EndOf(Step step, int n = 0) const {
    for (const Segment& segment : exam->segments())
      if (segment.step == step && n-- == 0)
        return static_cast<int>(segment.first_frame + segment.frame_count) - 1;
    return -1;
  }
  // Angle between an eye's visual axis and the direction to the camera, degrees.
  double Miss(int frame, Side side) const {
    const auto truth = Truth(frame);
    const ExamFrame& at = exam->frames()[static_cast<size_t>(frame)];
    const Actor::Posed posed = ThePerson().Pose(at.pose);
    const Eigen::Vector3d eye = at.pose.head * posed.eyes[static_cast<int>(side)].globe_centre_mm;
    const double cosine = truth[static_cast<int>(side)].visual_axis_camera.dot((-eye).normalized());
    return std::acos(std::min(1.0, cosine)) * 57.2957795;
  }
};

constexpr int kRightEye = static_cast<int>(Side::kRight), kLeftEye = static_cast<int>(Side::kLeft);

TEST(Examination, SegmentsFillTheRecording) {
  for (double seconds : {1.5, 4.0, 12.0}) {
    const auto segments = ExaminationSteps(seconds, 60);
    std::int64_t at = 0;
    for (const Segment& segment : segments) {
      EXPECT_EQ(segment.first_frame, at);
      EXPECT_GT(segment.frame_count, 3);
      at += segment.frame_count;
    }
    EXPECT_EQ(at, std::llround(seconds * 60));
  }
}

TEST(Examination, StraightEyesMeetAtTheCamera) {
  const Played played(Plain());
  for (int frame : {40, 80, 120})
    for (Side side : kSides) EXPECT_LT(played.Miss(frame, side), 1.2) << frame;
}

TEST(Examination, LidsHaveTheSignsOfThePatientInPrimaryGaze) {
  Patient patient = Plain();
  patient.eyes[kLeftEye].mrd1_mm = 1.0;
  patient.eyes[kRightEye].mrd1_mm = 6.0;
  patient.eyes[kRightEye].protrusion_mm = 4;
  const Played played(patient);
  for (int frame : {30, 90}) {
    const auto truth = played.Truth(frame);
    EXPECT_NEAR(truth[kLeftEye].measures.mrd1_mm, 1.0, 0.35);
    EXPECT_NEAR(truth[kRightEye].measures.mrd1_mm, 6.0, 0.35);
    EXPECT_NEAR(truth[kRightEye].measures.protrusion_mm, 4, 1e-9);
  }
}

TEST(Examination, CoverTestShowsTheDeviation) {
  for (double dioptres : {-30.0, 12.0, 40.0}) {
    Patient patient = Plain();
    patient.deviation.horizontal_dioptres = dioptres;
    patient.deviation.fixing_eye = Side::kRight;
    const Played played(patient);
    const double wanted = DegreesOfDioptres(std::abs(dioptres));
    // Both eyes open: the right one fixates, the left one deviates.
    EXPECT_LT(played.Miss(100, Side::kRight), 1.2);
    EXPECT_NEAR(played.Miss(100, Side::kLeft), wanted, 1.5) << dioptres;
    // Right eye covered: the left one takes up fixation, the right one deviates under the cover.
    const int covered = played.EndOf(Step::kCoverRight);
    EXPECT_LT(played.Miss(covered, Side::kLeft), 1.2);
    EXPECT_NEAR(played.Miss(covered, Side::kRight), wanted, 1.5) << dioptres;
    EXPECT_TRUE(played.exam->frames()[static_cast<size_t>(covered)].occluder.shown);
    // Esotropia: the visual axes cross; the left eye points to the patient's right.
    const auto truth = played.Truth(100);
    const double turn =
        truth[kLeftEye].visual_axis_head_deg.x() - truth[kRightEye].visual_axis_head_deg.x();
    EXPECT_EQ(turn<-6, dioptres> 0) << turn;
  }
}

TEST(Examination, LatentDeviationShowsUnderCoverOnly) {
  Patient patient = Plain();
  patient.deviation.horizontal_dioptres = 20;
  patient.deviation.manifest_share = 0;
  const Played played(patient);
  EXPECT_LT(played.Miss(100, Side::kLeft), 1.2);
  EXPECT_GT(played.Miss(played.EndOf(Step::kCoverLeft), Side::kLeft), 9);
}

TEST(Examination, HypotropicEyeSeemsPtoticButIsNot) {
  Patient patient = Plain();
  patient.deviation.vertical_dioptres = 25;  // The right eye is higher: the left one lower.
  patient.deviation.fixing_eye = Side::kRight;
  const Played played(patient);
  const auto both_open = played.Truth(100);
  const auto left_fixates = played.Truth(played.EndOf(Step::kCoverRight));
  // The margin's height in the face, from the globe's resting centre.
  const auto height = [](const EyeFrameTruth& eye) {
    return eye.measures.reflex_mm.y() + eye.measures.mrd1_mm;
  };
  EXPECT_LT(height(both_open[kLeftEye]), height(left_fixates[kLeftEye]) - 1.5);
}

TEST(Examination, NystagmusHasItsFrequencyAndAmplitude) {
  for (const auto& [frequency, amplitude] : {std::pair(3.0, 6.0), std::pair(6.0, 2.0)}) {
    Patient patient = Plain();
    patient.nystagmus.emplace();
    patient.nystagmus->waveform = Nystagmus::Waveform::kPendular;
    patient.nystagmus->frequency_hz = frequency;
    patient.nystagmus->amplitude_deg = amplitude;
    patient.nystagmus->irregularity = 0.05;
    const Played played(patient);
    double low = 1e9, high = -1e9;
    int crossings = 0;
    double before = 0;
    for (int frame = 0; frame < 140; ++frame) {
      const double value = played.exam->frames()[static_cast<size_t>(frame)].nystagmus_deg[0].x();
      low = std::min(low, value);
      high = std::max(high, value);
      if (frame > 0 && (value > 0) != (before > 0)) ++crossings;
      before = value;
    }
    EXPECT_NEAR(high - low, amplitude, 0.2 * amplitude);
    EXPECT_NEAR(crossings / 2.0 / (139 / 60.0), frequency, 0.6);
  }
}

TEST(Examination, JerkNystagmusIsNamedByItsQuickPhase) {
  Patient patient = Plain();
  patient.nystagmus.emplace();
  patient.nystagmus->waveform = Nystagmus::Waveform::kJerkLeft;
  patient.nystagmus->amplitude_deg = 6;
  const Played played(patient);
  double fastest_left = 0, fastest_right = 0;
  for (int frame = 1; frame < 140; ++frame) {
    const double step = played.exam->frames()[static_cast<size_t>(frame)].nystagmus_deg[0].x() -
                        played.exam->frames()[static_cast<size_t>(frame - 1)].nystagmus_deg[0].x();
    fastest_left = std::max(fastest_left, step);
    fastest_right = std::max(fastest_right, -step);
  }
  EXPECT_GT(fastest_left, 2.5 * fastest_right);
}

TEST(Examination, LidLagShowsInDownGaze) {
  const auto height = [](double follow) {
    Patient patient = Plain();
    for (EyeSigns& eye : patient.eyes) eye.lid_follow_down = follow;
    const Played played(patient);
    int lowest = 0;
    for (const Segment& segment : played.exam->segments())
      if (segment.step == Step::kDownPursuit)
        lowest = static_cast<int>(segment.first_frame + segment.frame_count / 2);
    return played.Truth(lowest)[0].measures.superior_show_mm;
  };
  EXPECT_GT(height(0.5), height(0.9) + 1.5);
}

TEST(Examination, BlinksShutBothEyesForAMoment) {
  Patient patient = Plain();
  patient.blink_rate_hz = 1.0;
  const Played played(patient);
  int shut = 0, open = 0;
  for (const ExamFrame& frame : played.exam->frames()) {
    EXPECT_EQ(frame.closure[0], frame.closure[1]);
    shut += frame.closure[0] > 0.9;
    open += frame.closure[0] < 0.05;
  }
  EXPECT_GT(shut, 8);
  EXPECT_GT(open, 400);
}

TEST(Examination, IsAPureFunctionOfItsArguments) {
  const Played a(Plain()), b(Plain()), other(Plain(), 12, "r2");
  bool differs = false;
  for (size_t k = 0; k < a.exam->frames().size(); ++k) {
    const ExamFrame &x = a.exam->frames()[k], &y = b.exam->frames()[k],
                    &z = other.exam->frames()[k];
    EXPECT_EQ(x.pose.eyes[0].azimuth_deg, y.pose.eyes[0].azimuth_deg);
    EXPECT_EQ(x.pose.head.translation_mm, y.pose.head.translation_mm);
    differs = differs || x.pose.eyes[0].azimuth_deg != z.pose.eyes[0].azimuth_deg;
  }
  EXPECT_TRUE(differs);
}

TEST(Subject, KeepsIdentityAndDiffersFromOthers) {
  const ParametricHead& head = TheStudio().head();
  const Subject a = DrawSubject(head, 3, "p1", EvenStratum(3, 0)),
                again = DrawSubject(head, 3, "p1", EvenStratum(3, 0));
  const Subject b = DrawSubject(head, 3, "p2", EvenStratum(3, 0));
  EXPECT_EQ(SubjectShape(head, a), SubjectShape(head, again));
  const double difference =
      std::sqrt((SubjectShape(head, a) - SubjectShape(head, b)).colwise().squaredNorm().mean());
  EXPECT_GT(difference, 2.0);
  EXPECT_EQ(a.skin.seed, again.skin.seed);
  EXPECT_NE(a.skin.seed, b.skin.seed);
}

TEST(Subject, WithheldDisplacementIsOutOfTheModelsReach) {
  const ParametricHead& head = TheStudio().head();
  const Eigen::Matrix3Xd field = WithheldDisplacement(head, 99, 1.3);
  const Eigen::Matrix3Xd mean = head.Shape(HeadRecipe());
  double sum = 0;
  int count = 0;
  for (Eigen::Index v = 0; v < mean.cols(); ++v) {
    if (mean(2, v) < -60 || mean(1, v) < -110 || mean(1, v) > 70) continue;
    sum += field.col(v).squaredNorm();
    ++count;
  }
  EXPECT_NEAR(std::sqrt(sum / count), 1.3, 1e-9);
  // Globe centres, and with them the frame, stay.
  for (const VertexStencil& stencil : head.Topology().globe_centre)
    EXPECT_LT((Locate(stencil, mean + field) - Locate(stencil, mean)).norm(), 0.05);
}

TEST(Strata, AreFilledEvenly) {
  std::array<int, 2> sexes{};
  std::array<int, 3> ancestries{};
  double age = 0;
  for (int k = 0; k < 72; ++k) {
    const Stratum stratum = EvenStratum(5, k);
    ++sexes[static_cast<size_t>(stratum.sex)];
    ++ancestries[static_cast<size_t>(stratum.ancestry)];
    age += stratum.age / 72;
  }
  EXPECT_EQ(sexes[0], 36);
  EXPECT_EQ(ancestries[0], 24);
  EXPECT_EQ(ancestries[1], 24);
  EXPECT_NEAR(age, 0.5, 0.05);
}

// The same plan gives the same bytes; another recording of the subject gives others.
TEST(Recorder, SamePlanSameBytes) {
  RecordingPlan plan;
  plan.seed = 21;
  plan.subject_id = "p1";
  plan.recording_id = "r1";
  plan.condition = Condition::kPtosis;
  plan.seconds = 0.5;
  plan.width_px = 320;
  plan.height_px = 240;
  const TemporaryFolder folder;
  std::array<std::string, 3> hashes;
  for (int k = 0; k < 3; ++k) {
    plan.number = k == 2 ? 1 : 0;
    const auto video = folder.path() / (std::to_string(k) + ".mp4");
    const auto truth = folder.path() / (std::to_string(k) + ".msgpack");
    const Json facts = MakeRecording(TheStudio(), plan, video, truth);
    hashes[static_cast<size_t>(k)] = Sha256OfFile(video) + Sha256OfFile(truth);
    EXPECT_EQ(facts.at("frames"), 30);
    const std::string bytes = ReadFile(truth);
    const Json all = Json::from_msgpack(bytes);
    EXPECT_EQ(all.at("left").at("mrd1_mm").size(), 30u);
    EXPECT_EQ(all.at("right").at("upper_margin_px").at(0).size(), 3u * 17);
  }
  EXPECT_EQ(hashes[0], hashes[1]);
  EXPECT_NE(hashes[0], hashes[2]);
}

}  // namespace
}  // namespace maskbench::virtual_clinic
