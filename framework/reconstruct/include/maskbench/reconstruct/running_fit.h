#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>

#include <Eigen/Core>

#include "maskbench/perception/eye_network.h"
#include "maskbench/reconstruct/head_motion.h"

namespace maskbench {

struct RunningFitOptions {
  double rate_hz = 60;
  /// How many later frames a frame waits for: they smooth the head and tell what covers an eye and
  /// where an eye looks that lids hide for a moment.
  int latency_frames = 6;
  double iris_diameter_mm = 11.7, camera_distance_mm = 650;  ///< As in EyeFitOptions.
  /// Calibrations: the first after so many seconds of frames with an eye that can be measured, then
  /// after times that grow by the factor, at most so much later than the one before.
  double first_s = 0.25, growth = 2, longest_s = 60;
  /// All but the first are worked out beside the stream and used from so much later on.
  double handover_s = 0.25;
  /// From one calibration to the next within so long.
  double blend_s = 0.5;
  /// A first calibration within so many seconds of frames with a face is not blended: until then
  /// nothing needs to be shown.
  double start_s = 1;
};

/// One eye in one frame: what EyeTraces has of it; NaN where it cannot be given.
struct RunningEye {
  double in_sight = 0, shut = 0;
  double camera_azimuth_deg = std::numeric_limits<double>::quiet_NaN();
  double camera_elevation_deg = std::numeric_limits<double>::quiet_NaN();
  double mrd1_mm = std::numeric_limits<double>::quiet_NaN();
  double mrd2_mm = std::numeric_limits<double>::quiet_NaN();
  double aperture_mm = std::numeric_limits<double>::quiet_NaN();
};

/// A frame as the fit has it that was in force then.
struct RunningFrame {
  std::int64_t index = 0;
  bool seen = false;  ///< A face; without, all below means nothing.
  int calibrations = 0;
  std::int64_t frames_seen = 0;              ///< Frames with a face so far, with this one.
  std::array<HeadView, 2> orbits;            ///< The head as either orbit has it, by Side.
  double size = 1;                           ///< Real mm per mm of the head's template.
  std::array<Eigen::Vector3d, 2> globes_mm;  ///< Rotation centres in the head's frame, real mm.
  /// The left globe's place against the right one's, real mm of the head's frontal plane.
  Eigen::Vector2d apart_mm;
  std::array<RunningEye, 2> eyes;
};

/// The newest frame, before anything of what follows it is known.
struct NewestFrame {
  bool seen = false;
  int calibrations = 0;
  std::array<HeadView, 2> orbits;
  double size = 1;
};

/// FitEyes for a stream: each frame's head, eyes and lids from the frames before it and
/// `latency_frames` after it, with a calibration from frames already seen. Memory does not grow
/// with the stream.
///
/// Before the first calibration eyeballs, camera and head are the population's. Each calibration is
/// that of FitEyes on a pool of at most 120 frames of each eye, spread over directions of gaze,
/// then over time; a quarter is kept for frames in which an eye can be held to look at the camera.
/// From one calibration to the next everything is blended over `blend_s`.
///
/// Place, size and directions of the head are smoothed as AnchorToCorners does it, over what there
/// is of the frames that follow. Eyes and lids are not smoothed. Behind closed lids an eye stays
/// where it was for up to 0.4 s, or turns to where it is found again as soon as that is known.
///
/// One thread at a time; the same frames give the same bytes.
class RunningFit {
 public:
  /// @param canonical_mm, globes_mm  CanonicalFace, CanonicalGlobes.
  RunningFit(const Eigen::Matrix3Xd& canonical_mm, const std::array<Eigen::Vector3d, 2>& globes_mm,
             const RunningFitOptions& options);
  ~RunningFit();

  /// Takes the next frame. @param eyes  EyeReader::Look, `in_sight` as the network gave it; nothing
  /// without a face. @param skull_points  HeadMotion::PointsOf; no columns without a face.
  /// @return the frame `latency_frames` before, once there is one.
  std::optional<RunningFrame> Push(const std::optional<std::array<EyeEvidence, 2>>& eyes,
                                   const Eigen::Matrix3Xf& skull_points);
  /// After the last frame: those that still wait, one by one, then nothing.
  std::optional<RunningFrame> Finish();

  const NewestFrame& newest() const;
  /// Wall time of the longest calibration so far, s. Of the machine, not of the recording.
  double longest_calibration_s() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace maskbench
