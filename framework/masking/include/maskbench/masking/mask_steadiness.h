#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include <opencv2/core.hpp>

#include "maskbench/masking/mask_face.h"
#include "maskbench/masking/mask_parameters.h"

namespace maskbench {

/// Points of a face in one picture, px: middle of the right and of the left eye, middle of the
/// right and of the left brow, right and left corner of the mouth.
inline constexpr size_t kFacePoints = 6;
using FacePoints = std::array<cv::Point2d, kFacePoints>;

/// Where a mask draws them; the eyes' middles are those of the globes.
FacePoints DrawnPoints(const MaskFace& face, const MaskHeader& header, const MaskFrame& frame);

/// How much a mask trembles while the patient holds still, beside the mesh of the same frames.
struct MaskSteadiness {
  std::int64_t frames = 0;  ///< At rest, that both figures come from.
  /// Standard deviation of a point's place from frame to frame, both axes together, as if places
  /// trembled independently: root of the mean squared second difference over 6. NaN without frames.
  double mask_px_rms = 0, mesh_px_rms = 0;
};

/// @param drawn  points of the mask, by frame; nothing where no face is drawn or an eye is not
/// open.
/// @param seen   points of the recording's mesh; nothing where no face was found.
///
/// A frame is at rest where both are there from kStillS before it until kStillS after it and the
/// mesh's points moved by less than kStillPx on average from the first to the second half of that.
MaskSteadiness MeasureSteadiness(const std::vector<std::optional<FacePoints>>& drawn,
                                 const std::vector<std::optional<FacePoints>>& seen,
                                 double rate_hz);
inline constexpr double kStillS = 0.15, kStillPx = 0.3;

/// The same of a mask's parameters and the recording's face track. Throws DataError where the head
/// model or the track is missing or their numbers of frames differ.
MaskSteadiness MeasureSteadiness(const MaskParameters& parameters,
                                 const std::filesystem::path& track,
                                 const std::filesystem::path& models_dir);

}  // namespace maskbench
