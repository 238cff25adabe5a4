#pragma once

#include <array>
#include <filesystem>
#include <vector>

#include <opencv2/core.hpp>

#include "maskbench/perception/face_observation.h"

namespace maskbench {

/// Where the face is in one frame, steadied over time. Full-frame pixels.
struct FaceRegion {
  /// False when the face was lost for so long that its place is not known.
  bool known = false;
  float width_px = 0;
  std::array<cv::Point2f, mesh::kOval.size()> oval{};
  /// Right outer, right inner, left inner, left outer corner (patient's sides).
  std::array<cv::Point2f, 4> eye_corners{};

  cv::Point2f EyesCentre() const { return (eye_corners[0] + eye_corners[3]) * 0.5F; }
  float EyesDistance() const;
  /// Unit vector from the patient's right eye to the left one.
  cv::Point2f EyesDirection() const;
  /// The oval scaled about its centre, as whole pixels for filling.
  std::vector<cv::Point> ScaledOval(float factor) const;
};

struct FaceRegionOptions {
  /// Standard deviation of the symmetric smoothing in time: no lag, less shaking.
  double smoothing_s = 0.08;
  /// Gaps up to this length are bridged from both sides; in longer ones the face is unknown.
  double longest_gap_s = 0.5;
};

/// The face's place over a recording, from its track.
class FaceRegions {
 public:
  FaceRegions(const std::filesystem::path& track, const FaceRegionOptions& options);

  int64_t frame_count() const { return static_cast<int64_t>(known_.size()); }
  bool any_known() const;
  FaceRegion At(int64_t frame) const;
  /// Medians over frames with a known face.
  double MedianWidthPx() const;
  double MedianEyesDistancePx() const;

 private:
  static constexpr size_t kValues = 1 + 2 * (mesh::kOval.size() + 4);
  std::vector<bool> known_;
  std::vector<std::array<float, kValues>> values_;
};

}  // namespace maskbench
