#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "maskbench/core/json.h"
#include "maskbench/head/head_model.h"
#include "maskbench/masking/face_policy.h"
#include "maskbench/masking/mask_parameters.h"
#include "maskbench/perception/eye_network.h"
#include "maskbench/perception/face_observation.h"

namespace maskbench {

struct CausalMaskOptions {
  std::string model = "parametric";
  std::string policy = "mean";
  MaskStages stages;
  bool expression = true;
  double camera_distance_mm = 650;
  /// How many later frames a frame of the mask waits for.
  int latency_frames = 6;
  /// As MaskMeasureOptions::hold_s.
  double hold_s = 0.25;
  /// A face is blank until the first calibration, but not longer than so many seconds of frames
  /// with a face: then it is shown with average eyeballs until an eye could be measured.
  double start_s = 1;
  /// What `choose` waits for: the patient's face, the distance of the patient's eyes.
  bool needs_face = false, needs_spacing = false;
  /// Chooses the face that is shown, once. Null arguments: not known, or not asked for. May throw
  /// DataError.
  std::function<FaceShape(const FaceIdentity* patient, std::optional<double> spacing_mm)> choose =
      [](const FaceIdentity*, std::optional<double>) { return FaceShape(); };
};

/// What the mask of a recording shows, frame by frame while the recording goes on: a frame depends
/// on those before it and on `latency_frames` after it, never on later ones. Memory does not grow.
/// One thread at a time; the same frames give the same values.
class CausalMask {
 public:
  /// @param model  options.model; must outlive this. @param canonical_mm, globes_mm  CanonicalFace,
  /// CanonicalGlobes.
  CausalMask(const HeadModel& model, const Eigen::Matrix3Xd& canonical_mm,
             const std::array<Eigen::Vector3d, 2>& globes_mm, cv::Size picture_px, FrameRate rate,
             const CausalMaskOptions& options);
  ~CausalMask();

  /// Takes the next frame. @param eyes  EyeReader::Look; nothing without a face.
  /// @return the frame of the mask that is due now, if there is one: `latency_frames` before it.
  std::optional<MaskFrame> Push(const FaceObservation& face,
                                const std::optional<std::array<EyeEvidence, 2>>& eyes);
  /// After the last frame: those that are still due, one by one, then nothing.
  std::optional<MaskFrame> Finish();

  /// Face and focal length are known once `settled`, which holds before the first frame that shows
  /// a face is given; all else from the beginning.
  const MaskHeader& header() const;
  bool settled() const;
  /// After the last frame. Throws DataError where no face was found in any frame, or none that the
  /// policy can do with.
  void RequireFace();
  /// For MaskReport::notes: how often it was calibrated, and of the fit of the face.
  Json Notes() const;
  /// What the policy says of the face that it chose.
  const Json& face_notes() const;
  /// Wall time of the longest calibration of the eyes, s. Of the machine.
  double longest_calibration_s() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace maskbench
