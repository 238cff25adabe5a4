#include "datasets/virtual_clinic/examination.h"

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <tuple>
#include <utility>

#include <gtest/gtest.h>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/core/hash.h"
#include "maskbench/render/renderer.h"

#include "datasets/the_studio.h"
#include "datasets/virtual_clinic/expression.h"
#include "datasets/virtual_clinic/recorder.h"
#include "datasets/virtual_clinic/studio.h"

namespace maskbench::virtual_clinic {
namespace {

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
  const Actor* actor;
  std::unique_ptr<Examination> exam;

  explicit Played(const Patient& patient, double seconds = 12, const std::string& id = "r1",
                  const Actor& who = ThePerson())
      : session(DrawSession(11, "examined", 0, 640, 480)), actor(&who) {
    exam = std::make_unique<Examination>(*actor, patient, session, 11, id, seconds, 60);
  }
  Scene SceneAt(int frame) const {
    const ExamFrame& at = exam->frames().at(static_cast<size_t>(frame));
    Scene scene;
    scene.camera = session.camera;
    scene.lighting = session.lighting;
    actor->AddTo(at.pose, actor->Pose(at.pose), &scene);
    if (at.occluder.shown) scene.meshes.push_back(OccluderMesh(at.occluder));
    return scene;
  }
  std::array<EyeFrameTruth, 2> Truth(int frame) const {
    const ExamFrame& at = exam->frames().at(static_cast<size_t>(frame));
    Scene scene;
    scene.camera = session.camera;
    scene.lighting = session.lighting;
    return actor->Truth(at.pose, actor->Pose(at.pose), scene, nullptr);
  }
  // As Truth, with what is hidden in the picture.
  std::array<EyeFrameTruth, 2> SeenTruth(int frame) const {
    const ExamFrame& at = exam->frames().at(static_cast<size_t>(frame));
    const Scene scene = SceneAt(frame);
    Renderer renderer;
    RenderOptions options;
    options.labels = options.depth = true;
    const RenderedFrame picture = renderer.Render(scene, options);
    return actor->Truth(at.pose, actor->Pose(at.pose), scene, &picture);
  }
  Segment SegmentOf(Step step, int n = 0) const {
    for (const Segment& segment : exam->segments())
      if (segment.step == step && n-- == 0) return segment;
    ADD_FAILURE() << "no step " << ToString(step);
    return {};
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
    const Actor::Posed posed = actor->Pose(at.pose);
    const Eigen::Vector3d eye = at.pose.head * posed.eyes[static_cast<int>(side)].globe_centre_mm;
    const double cosine = truth[static_cast<int>(side)].visual_axis_camera.dot((-eye).normalized());
    return std::acos(std::min(1.0, cosine)) * 57.2957795;
  }
};

constexpr int kRightEye = static_cast<int>(Side::kRight), kLeftEye = static_cast<int>(Side::kLeft);

TEST(Expression, NamesAreThoseOfTheHead) {
  EXPECT_EQ(ExpressionNames(), TheStudio().head().Expressions(HeadRecipe()).names);
  EXPECT_EQ(ExpressionNames()[static_cast<size_t>(ExpressionUnit("eyebrows-left-up"))],
            "eyebrows-left-up");
  EXPECT_THROW(ExpressionUnit("eyebrows-middle-up"), UsageError);
  EXPECT_EQ(RestingFace().size(), 34);
}

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

TEST(Examination, EveryStepIsThereAndGazeIsHeld) {
  // Frames with gaze within 2° of the target, both eyes, by the length of the recording.
  for (const auto& [seconds, side_hold, up_hold] :
       {std::tuple(12.0, 40, 55), std::tuple(4.0, 10, 11)}) {
    const Played played(Plain(), seconds);
    for (Step step : {Step::kPrimary, Step::kCoverRight, Step::kCoverLeft, Step::kUpGaze,
                      Step::kDownPursuit, Step::kGazeLeft, Step::kGazeRight})
      EXPECT_GT(played.SegmentOf(step).frame_count, 20) << ToString(step);
    const auto straight = played.Truth(10);
    const auto held = [&](Step step, int plane, double target) {
      const Segment segment = played.SegmentOf(step);
      int frames = 0;
      for (std::int64_t f = 0; f < segment.frame_count; ++f) {
        const auto truth = played.Truth(static_cast<int>(segment.first_frame + f));
        bool there = true;
        for (int s = 0; s < 2; ++s)
          there = there && std::abs(truth[s].visual_axis_head_deg[plane] -
                                    straight[s].visual_axis_head_deg[plane] - target) < 2.5;
        frames += there;
      }
      return frames;
    };
    EXPECT_GE(held(Step::kGazeLeft, 0, 25), side_hold) << seconds;
    EXPECT_GE(held(Step::kGazeRight, 0, -25), side_hold) << seconds;
    EXPECT_GE(held(Step::kUpGaze, 1, 25), up_hold) << seconds;
    EXPECT_GE(held(Step::kDownPursuit, 1, -30), 8) << seconds;
  }
}

TEST(Examination, StraightEyesMeetAtTheCamera) {
  const Played played(Plain());
  for (int frame : {40, 80, 120})
    for (Side side : kSides) EXPECT_LT(played.Miss(frame, side), 1.2) << frame;
}

// People whose eyes are 55 and 69 mm apart converge as much as they need to.
TEST(Examination, VergenceIsThatOfTheSubject) {
  // Of forty people those with the eyes closest together and farthest apart.
  const ParametricHead& head = TheStudio().head();
  std::map<double, Subject> people;
  for (int k = 0; k < 40; ++k) {
    const Subject drawn = DrawSubject(head, 7, "s" + std::to_string(k), EvenStratum(7, k));
    const Eigen::Matrix3Xd shape = SubjectShape(head, drawn);
    const auto& centres = head.Topology().globe_centre;
    people[(Locate(centres[0], shape) - Locate(centres[1], shape)).norm()] = drawn;
  }
  EXPECT_LT(people.begin()->first, 57);
  EXPECT_GT(people.rbegin()->first, 66);
  for (Subject subject : {people.begin()->second, people.rbegin()->second}) {
    subject.hair_style.clear();
    const auto actor = TheStudio().Cast(subject, 256);
    const Played played(Plain(), 12, "r1", *actor);
    double vergence = 0, wanted = 0;
    for (int frame = 0; frame < 120; ++frame) {
      const auto truth = played.Truth(frame);
      vergence +=
          (truth[kRightEye].visual_axis_head_deg.x() - truth[kLeftEye].visual_axis_head_deg.x()) /
          120;
    }
    const ExamFrame& first = played.exam->frames()[0];
    const Actor::Posed posed = actor->Pose(first.pose);
    const double apart =
        posed.eyes[kLeftEye].globe_centre_mm.x() - posed.eyes[kRightEye].globe_centre_mm.x();
    wanted = 2 * std::atan(apart / 2 / first.pose.head.translation_mm.norm()) * 57.2957795;
    EXPECT_NEAR(vergence, wanted, 0.15) << subject.id;
  }
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

// Angle between the eyes in the horizontal and vertical plane, beyond that of straight eyes, in
// dioptres; esotropia and a higher right eye positive.
Eigen::Vector2d MeanDeviation(const Played& played, const Played& straight, int frames) {
  Eigen::Vector2d sum(0, 0);
  for (int frame = 0; frame < frames; ++frame) {
    const auto a = played.Truth(frame), b = straight.Truth(frame);
    const auto between = [](const std::array<EyeFrameTruth, 2>& eyes) -> Eigen::Vector2d {
      return eyes[kRightEye].visual_axis_head_deg - eyes[kLeftEye].visual_axis_head_deg;
    };
    sum += between(a) - between(b);
  }
  const Eigen::Vector2d degrees = sum / frames;
  return {100 * std::tan(degrees.x() / 57.2957795), 100 * std::tan(degrees.y() / 57.2957795)};
}

TEST(Examination, BothEyesOpenTheDeviationIsTheDrawnOne) {
  const Played straight(Plain());
  for (Side fixing : kSides)
    for (const auto& [horizontal, vertical] : {std::pair(12.0, 0.0), std::pair(-45.0, 0.0),
                                               std::pair(0.0, 20.0), std::pair(30.0, -8.0)}) {
      Patient patient = Plain();
      patient.deviation = {horizontal, vertical, fixing, 1};
      const Eigen::Vector2d deviation = MeanDeviation(Played(patient), straight, 120);
      EXPECT_NEAR(deviation.x(), horizontal, 2);
      EXPECT_NEAR(deviation.y(), vertical, 2);
    }
}

TEST(Examination, TheOtherEyeRefixatesWithASaccadeWhenTheFixingEyeIsCovered) {
  Patient patient = Plain();
  patient.deviation.horizontal_dioptres = 30;  // 16.7°.
  patient.deviation.fixing_eye = Side::kRight;
  const Played played(patient);
  const Segment cover = played.SegmentOf(Step::kCoverRight);
  int leaves = -1, lands = -1;
  double fastest = 0, before = played.Miss(static_cast<int>(cover.first_frame), Side::kLeft);
  EXPECT_NEAR(before, 16.7, 1.5);
  for (int f = 1; f < cover.frame_count; ++f) {
    const double miss = played.Miss(static_cast<int>(cover.first_frame) + f, Side::kLeft);
    fastest = std::max(fastest, (before - miss) * 60);
    if (leaves < 0 && before - miss > 1.5) leaves = f;
    if (lands < 0 && miss < 2.5) lands = f;
    before = miss;
  }
  EXPECT_NEAR(leaves / 60.0, 0.19, 0.035);
  EXPECT_LT((lands - leaves) / 60.0, 0.1);
  EXPECT_GT(fastest, 200);
  EXPECT_LT(fastest, 600);
  EXPECT_LT(before, 1.5);
  // Covering the deviating eye moves nothing.
  const Segment other = played.SegmentOf(Step::kCoverLeft, 1);
  for (int f = 40; f < other.frame_count; ++f)
    EXPECT_LT(played.Miss(static_cast<int>(other.first_frame) + f, Side::kRight), 1.5);
}

TEST(Examination, LatentDeviationShowsUnderCoverOnly) {
  Patient patient = Plain();
  patient.deviation.horizontal_dioptres = 20;
  patient.deviation.manifest_share = 0;
  const Played played(patient);
  EXPECT_LT(played.Miss(100, Side::kLeft), 1.2);
  EXPECT_GT(played.Miss(played.EndOf(Step::kCoverLeft), Side::kLeft), 9);
  // It comes by vergence, not by a saccade, and goes by vergence when the cover is off.
  const Segment first = played.SegmentOf(Step::kCoverRight);
  double fastest = 0;
  for (int f = 1; f < first.frame_count; ++f) {
    const auto at = [&](int frame) {
      return played.Truth(static_cast<int>(first.first_frame) + frame)[kRightEye]
          .visual_axis_head_deg.x();
    };
    fastest = std::max(fastest, std::abs(at(f) - at(f - 1)) * 60);
    EXPECT_LT(played.Miss(static_cast<int>(first.first_frame) + f, Side::kLeft), 1.5);
  }
  EXPECT_LT(fastest, 70);  // Microsaccades included.
  EXPECT_GT(played.Miss(played.EndOf(Step::kCoverRight), Side::kRight), 7);
  const int last = played.EndOf(Step::kPrimary, 1);
  for (Side side : kSides) EXPECT_LT(played.Miss(last, side), 2.5);
}

TEST(Examination, IntermittentDeviationComesAndGoes) {
  Patient patient = Plain();
  patient.deviation.horizontal_dioptres = -25;
  patient.deviation.manifest_share = 0.5;
  int shown = 0, hidden = 0, frames = 0;
  for (int k = 0; k < 12; ++k) {
    const Played played(patient, 12, "r" + std::to_string(k));
    for (int frame = 0; frame < 120; frame += 10) {
      const double miss = played.Miss(frame, Side::kLeft);
      shown += miss > 11;
      hidden += miss < 3;
      ++frames;
    }
  }
  EXPECT_GT(shown, 0.25 * frames);
  EXPECT_GT(hidden, 0.25 * frames);
}

TEST(Examination, ThePaddleHidesTheCoveredEyeAndNotTheOther) {
  for (double turn : {0.0, 25.0, -25.0}) {
    Patient patient = Plain();
    patient.head_turn_deg = turn;
    const Played played(patient);
    for (Step step : {Step::kCoverRight, Step::kCoverLeft}) {
      const auto truth = played.SeenTruth(played.EndOf(step));
      const int covered = step == Step::kCoverRight ? kRightEye : kLeftEye;
      EXPECT_EQ(truth[covered].iris_visible, 0) << ToString(step) << turn;
      EXPECT_GT(truth[1 - covered].iris_visible, 0.5) << ToString(step) << turn;
      for (const MarginPoint& point : truth[covered].upper) EXPECT_FALSE(point.visible);
    }
  }
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
  // Superior show 30° down, and MRD1 there against straight ahead.
  const auto down = [](double follow) {
    Patient patient = Plain();
    for (EyeSigns& eye : patient.eyes) eye.lid_follow_down = follow;
    const Played played(patient);
    const EyeFrameTruth low = played.Truth(played.EndOf(Step::kDownPursuit))[0];
    EXPECT_NEAR(low.visual_axis_head_deg.y() - played.Truth(10)[0].visual_axis_head_deg.y(), -30,
                3);
    return std::pair(low.measures.superior_show_mm,
                     low.measures.mrd1_mm - played.Truth(10)[0].measures.mrd1_mm);
  };
  const auto [healthy_show, healthy_change] = down(0.9);
  const auto [ill_show, ill_change] = down(0.5);
  EXPECT_LT(healthy_show, 0);
  EXPECT_GT(ill_show, healthy_show + 1.5);
  EXPECT_GT(ill_change, healthy_change + 1.5);
}

TEST(Examination, LidsAndBrowsGoUpWithTheGaze) {
  const Played played(Plain());
  const int up = played.EndOf(Step::kUpGaze);
  const auto before = played.Truth(10), after = played.Truth(up);
  for (int s = 0; s < 2; ++s) {
    EXPECT_NEAR(after[s].visual_axis_head_deg.y() - before[s].visual_axis_head_deg.y(), 25, 2.5);
    // The upper lid goes with the cornea: it rises by millimetres, the limbus stays covered.
    const auto height = [](const EyeFrameTruth& eye) {
      return eye.measures.pupil_mm.y() + eye.measures.upper_from_pupil_mm;
    };
    EXPECT_GT(height(after[s]) - height(before[s]), 2.5);
    EXPECT_LT(height(after[s]) - height(before[s]), 5.0);
    EXPECT_LT(after[s].measures.superior_show_mm, 0.3);
    // Below the limbus sclera comes to light.
    EXPECT_GT(after[s].measures.inferior_show_mm, before[s].measures.inferior_show_mm + 1.5);
  }
  const auto brow = [&](int frame) {
    return played.exam->frames()[static_cast<size_t>(frame)]
        .pose.expression[ExpressionUnit("eyebrows-left-up")];
  };
  EXPECT_GT(brow(up), brow(10) + 0.1);
  EXPECT_LT(brow(played.EndOf(Step::kGazeRight)), brow(10) + 0.05);
}

TEST(Examination, RestrictedEyesStayBehindInUpGaze) {
  Patient patient = Plain();
  patient.eyes[kRightEye].limit_up_deg = 10;
  patient.eyes[kRightEye].limit_out_deg = 15;
  const Played played(patient);
  const auto up = played.Truth(played.EndOf(Step::kUpGaze));
  EXPECT_NEAR(up[kRightEye].visual_axis_head_deg.y(), 10, 1);
  EXPECT_GT(up[kLeftEye].visual_axis_head_deg.y(), 21);
  // Out is to the patient's right for the right eye.
  EXPECT_NEAR(played.Truth(played.EndOf(Step::kGazeRight))[kRightEye].visual_axis_head_deg.x(), -15,
              1.2);
  EXPECT_GT(played.Truth(played.EndOf(Step::kGazeLeft))[kRightEye].visual_axis_head_deg.x(), 21);
}

TEST(Examination, TheBrowOverADroopingLidIsHigher) {
  Patient patient = Plain();
  patient.eyes[kLeftEye].mrd1_mm = 0.5;
  patient.brow_raise = 0.5;
  const Played one(patient);
  patient.eyes[kRightEye].mrd1_mm = 0.5;
  const Played both(patient);
  const auto brow = [](const Played& played, const char* unit) {
    return played.exam->frames()[10].pose.expression[ExpressionUnit(unit)];
  };
  EXPECT_GT(brow(one, "eyebrows-left-up"), brow(one, "eyebrows-right-up") + 0.2);
  EXPECT_NEAR(brow(both, "eyebrows-left-up"), brow(both, "eyebrows-right-up"), 1e-9);
  // The lid is where it was: brows move skin, not margins.
  patient.brow_raise = 0;
  EXPECT_NEAR(both.Truth(10)[0].measures.mrd1_mm, Played(patient).Truth(10)[0].measures.mrd1_mm,
              0.05);
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

TEST(Examination, ABlinkShutsEvenARetractedLidOverAProminentEye) {
  Patient patient = Plain();
  for (EyeSigns& eye : patient.eyes) {
    eye.mrd1_mm = 7.5;
    eye.protrusion_mm = 7;
  }
  patient.blink_rate_hz = 0.7;
  const Played played(patient);
  int shut = 0;
  for (size_t f = 0; f < played.exam->frames().size(); ++f) {
    if (played.exam->frames()[f].closure[0] < 1) continue;
    ++shut;
    for (const EyeFrameTruth& eye : played.Truth(static_cast<int>(f)))
      EXPECT_LT(eye.measures.pfh_mm, 0.1) << f;
  }
  EXPECT_GT(shut, 4);
}

TEST(Examination, FixationHasMicrosaccadesAndSlowDrift) {
  const Played played(Plain());
  int steps = 0;
  double farthest = 0;
  for (int f = 1; f < 132; ++f) {
    const Eigen::Vector2d now = played.Truth(f)[0].visual_axis_head_deg,
                          before = played.Truth(f - 1)[0].visual_axis_head_deg;
    steps += (now - before).norm() > 0.12;
    farthest = std::max(farthest, played.Miss(f, Side::kRight));
  }
  // 1.2 a second, of which the smallest do not count.
  EXPECT_GE(steps, 1);
  EXPECT_LE(steps, 8);
  EXPECT_LT(farthest, 1.3);
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
  plan.stratum.ancestry = Ancestry::kAfrican;
  plan.seconds = 0.5;
  plan.width_px = 320;
  plan.height_px = 240;
  const TemporaryFolder folder;
  std::array<std::string, 3> hashes;
  for (int k = 0; k < 3; ++k) {
    plan.number = k == 2 ? 1 : 0;
    const auto video = folder.path() / (std::to_string(k) + ".mp4");
    const auto truth = folder.path() / (std::to_string(k) + ".msgpack");
    MakeRecording(TheStudio(), plan, video, truth);
    hashes[static_cast<size_t>(k)] = Sha256OfFile(video) + Sha256OfFile(truth);
    EXPECT_EQ(FrameCount(plan), 30);
    const std::string bytes = ReadFile(truth);
    const Json all = Json::from_msgpack(bytes);
    EXPECT_EQ(all.at("frames"), 30);
    EXPECT_EQ(all.at("left").at("mrd1_mm").size(), 30u);
    EXPECT_EQ(all.at("right").at("upper_margin_px").at(0).size(), 3u * 17);
    EXPECT_EQ(all.at("anatomy").at("ancestry"), "african");
    EXPECT_GT(all.at("anatomy").at("left").at("hvid_mm"), 9);
  }
  EXPECT_EQ(hashes[0], hashes[1]);
  EXPECT_NE(hashes[0], hashes[2]);
}

}  // namespace
}  // namespace maskbench::virtual_clinic
