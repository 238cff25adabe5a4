#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include "maskbench/perception/eye_network.h"
#include "maskbench/reconstruct/head_motion.h"

#include "corner_sight.h"
#include "eyeball_problem.h"

namespace maskbench {

/// What frames are measured with that a recording's offline fit finds once.
struct RunningCalibration {
  RunningCalibration(const Eigen::Matrix3Xd& skull_mm, const Eigen::Matrix3Xd& canonical_mm,
                     const std::array<Eigen::Vector3d, 2>& globes_mm);

  Eigen::Matrix3Xd skull_mm;                      ///< HeadMotion::Template.
  Eigen::Matrix<double, 3, kCorners> corners_mm;  ///< Of the eyes.
  EyeballModel model;
  Eigen::Vector2d apart_mm;  ///< RunningFrame::apart_mm.
};

/// All of it at a share of the way from one to the other.
RunningCalibration Blend(const RunningCalibration& from, const RunningCalibration& to,
                         double share);

/// A frame that calibrations may be made from. Poses are made anew with each template; what
/// smoothing over time changed of them is kept.
struct PooledFrame {
  std::int64_t time = 0;
  Eigen::Matrix3Xf skull_points;
  std::array<EyeEvidence, 2> eyes;
  Sight sight;
  std::array<bool, 2> usable{}, looks_at_camera{};
  Eigen::Matrix3d smoothing_turn;         ///< Smoothed = this · the frame's own.
  double smoothing_log_scale = 0;         ///< Smoothed less the frame's own.
  Eigen::Vector2d smoothing_shape{1, 0};  ///< Smoothed = the frame's own, turned by this.
  std::array<Eigen::Vector2d, 2> smoothing_place_px;  ///< By Side, smoothed less the own.
};
using PooledFrames = std::vector<std::shared_ptr<const PooledFrame>>;

/// Keeps a fixed number of one eye's frames, spread over directions of gaze, then over time.
class GazePool {
 public:
  explicit GazePool(size_t capacity) : capacity_(capacity) {}
  /// @param offset_mm  of the iris from the rotation centre, in the picture.
  void Add(std::shared_ptr<const PooledFrame> frame, const Eigen::Vector2d& offset_mm);
  size_t size() const { return size_; }
  void AppendTo(PooledFrames* frames) const;

 private:
  size_t capacity_, size_ = 0;
  std::map<std::pair<int, int>, PooledFrames> cells_;
};

/// Pools of both eyes: frames that look at the camera, and all.
class CalibrationPool {
 public:
  void Add(const std::shared_ptr<const PooledFrame>& frame,
           const std::array<Eigen::Vector2d, 2>& offsets_mm);
  /// By Side, in order of time, each frame once.
  std::array<PooledFrames, 2> Frames() const;

 private:
  struct EyePools {
    GazePool all, looking;
  };
  std::array<EyePools, 2> eyes_{EyePools{GazePool(90), GazePool(30)},
                                EyePools{GazePool(90), GazePool(30)}};
};

/// FitEyes' calibration from pooled frames. @param start  that of the population.
/// @param before  keeps what these frames do not tell.
RunningCalibration Calibrate(const RunningCalibration& start, const RunningCalibration& before,
                             const Eigen::Matrix3Xd& canonical_mm,
                             const std::array<PooledFrames, 2>& frames, double camera_distance_mm);

}  // namespace maskbench
