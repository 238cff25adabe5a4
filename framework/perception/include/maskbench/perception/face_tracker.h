#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "maskbench/core/option_table.h"
#include "maskbench/nn/network_library.h"
#include "maskbench/perception/crop.h"
#include "maskbench/perception/face_detector.h"
#include "maskbench/perception/face_observation.h"

namespace maskbench {

struct FaceTrackerOptions {
  std::string detector = "blazeface_front";
  double min_detection_score = 0.5;
  double min_presence = 0.5;
  int look_again_every_frames = 30;

  static const OptionTable<FaceTrackerOptions>& Options();
};

/// What of a face is looked for.
enum class TrackedParts {
  kMeshAndEyes,
  kMesh,  ///< `FaceObservation::eyes` stays at zero: 2.6 of 4.5 ms a frame are saved.
};

/// Finds the face in each frame and follows it: detector, 468-point mesh, lids and irises.
///
/// A face is detected (the largest, when there are several), then followed from mesh to mesh
/// without the detector. When the mesh network says that its crop shows no face, the detector looks
/// again in the same frame. One tracker serves one worker.
class FaceTracker {
 public:
  /// Raised when any output changes for the same input.
  static constexpr int kVersion = 1;

  FaceTracker(const NetworkLibrary& networks, const FaceTrackerOptions& options,
              TrackedParts parts = TrackedParts::kMeshAndEyes);
  static std::vector<std::string> NetworkNames(const FaceTrackerOptions& options);

  /// Forgets the face that was followed; call between recordings.
  void Reset();
  /// @param bgr  8-bit; frames in order.
  FaceObservation Process(const cv::Mat& bgr);

 private:
  bool FitMesh(const cv::Mat& bgr, const CropRegion& region, FaceObservation* face);
  void FitEyes(const cv::Mat& bgr, FaceObservation* face);

  FaceTrackerOptions options_;
  FaceDetector detector_;
  std::unique_ptr<Network> mesh_network_;
  std::unique_ptr<Network> iris_network_;  ///< Null: eyes are not looked for.
  std::optional<CropRegion> followed_;
  int64_t frame_ = 0;
  cv::Mat crop_;
  std::vector<float> mesh_input_, iris_input_;
  std::vector<Tensor> outputs_;
};

/// Square around the mesh, in axes along and across the line of the outer eye corners.
/// @param margin  side of the square, as a multiple of the box's longer side.
CropRegion MeshRegion(const FaceObservation& face, float margin);

}  // namespace maskbench
