#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "maskbench/render/actor.h"
#include "maskbench/render/sensor.h"

#include "datasets/virtual_clinic/disease.h"
#include "datasets/virtual_clinic/subject.h"

namespace maskbench::virtual_clinic {

/// What the examiner does during a stretch of a recording. The eyes react 0.18 s late.
enum class Step {
  kPrimary,     ///< Both eyes look at the target at the camera.
  kCoverRight,  ///< The right eye is covered, the left fixates.
  kCoverLeft,
  kUpGaze,       ///< Target 25° up.
  kDownPursuit,  ///< The target sinks slowly from the camera to 30° down and stays there.
  kGazeLeft,     ///< Target 25° to the patient's left.
  kGazeRight,
};
const char* ToString(Step step);

struct Segment {
  Step step = Step::kPrimary;
  std::int64_t first_frame = 0, frame_count = 0;
};

/// The fixed order of an examination, stretched to a length. From 8 s on the full one, meant for
/// 12 s: two rounds of covers, gaze held for 0.6 … 1 s. Below, a brief one, meant for 4 s: one
/// cover of each eye, gaze held for 0.2 … 0.3 s.
std::vector<Segment> ExaminationSteps(double seconds, double rate_hz);

/// What differs from one recording of a subject to the next and says nothing about the disease:
/// room, camera, mood, clothes. A pure function of its arguments.
struct Session {
  Lighting lighting;
  Background background;
  Camera camera;
  SensorRecipe sensor;
  std::uint64_t sensor_seed = 0;
  Eigen::Vector3d head_mm{0, 0, 600};
  double yaw_deg = 0, pitch_deg = 0, roll_deg = 0;
  Eigen::VectorXd mood;      ///< Expression activations throughout.
  double weight_change = 0;  ///< Added to HeadRecipe::weight.
  double hair_cut_mm = -1000;
  Eigen::Vector3f clothes{0.13f, 0.24f, 0.33f};
};
Session DrawSession(std::uint64_t seed, const std::string& subject_id, int number, int width_px,
                    int height_px);

/// A covering paddle in the camera frame, if one is in the picture.
struct Occluder {
  bool shown = false;
  Eigen::Vector3d centre_mm{0, 0, 0};
};

/// One frame before it is drawn.
struct ExamFrame {
  ActorPose pose;
  Occluder occluder;
  Step step = Step::kPrimary;
  /// Truth that cannot be seen in a single picture.
  std::array<double, 2> closure{};               ///< Of a blink, 0 … 1, by Side.
  std::array<Eigen::Vector2d, 2> nystagmus_deg;  ///< Part of the gaze, by Side.
  Side fixing_eye = Side::kRight;                ///< The eye that is on the target.
  double deviation_share = 0;  ///< Of the patient's deviation, what the other eye shows, 0 … 1.
};

/// Plays an examination: eye movements, lids, blinks and head over time. Frames are computed at
/// construction; drawing them needs no order.
class Examination {
 public:
  /// @param actor  the subject with this session's looks; must outlive this.
  Examination(const Actor& actor, const Patient& patient, const Session& session,
              std::uint64_t seed, const std::string& recording_id, double seconds, double rate_hz);

  const std::vector<Segment>& segments() const { return segments_; }
  const std::vector<ExamFrame>& frames() const { return frames_; }

 private:
  std::vector<Segment> segments_;
  std::vector<ExamFrame> frames_;
};

/// Deviation by angle for prism dioptres: θ = atan(Δ / 100).
double DegreesOfDioptres(double dioptres);

/// The paddle as a mesh for Scene::meshes.
Mesh OccluderMesh(const Occluder& occluder);

}  // namespace maskbench::virtual_clinic
