#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "maskbench/render/actor.h"
#include "maskbench/render/sensor.h"

#include "datasets/virtual_clinic/disease.h"
#include "datasets/virtual_clinic/subject.h"

namespace maskbench::virtual_clinic {

/// What the examiner does during a stretch of a recording.
enum class Step {
  kPrimary,     ///< Both eyes look at the target at the camera.
  kCoverRight,  ///< The right eye is covered, the left fixates.
  kCoverLeft,
  kDownPursuit,  ///< The target sinks slowly and comes back.
  kGazeLeft,     ///< Target to the patient's left.
  kGazeRight,
};
const char* ToString(Step step);

struct Segment {
  Step step = Step::kPrimary;
  std::int64_t first_frame = 0, frame_count = 0;
};

/// The fixed order of an examination, stretched to a length. 12 s is the full one.
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
  bool deviation_manifest = false;
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
