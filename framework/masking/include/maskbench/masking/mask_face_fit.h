#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "maskbench/core/json.h"
#include "maskbench/head/head_model.h"
#include "maskbench/reconstruct/eye_fit.h"
#include "maskbench/reconstruct/eye_reader.h"
#include "maskbench/reconstruct/face_fit.h"

namespace maskbench {

struct MaskFaceFitOptions {
  double camera_distance_mm = 650;
  /// Whatever covers an eye disturbs the mesh for so long before and after as well: no trust.
  double guard_s = 0.3;
  /// Beyond that, expressions return to what was measured within so long.
  double return_s = 0.2;
  /// Frames without a fit keep their expression for up to so long.
  double hold_s = 0.25;
  /// Of a Gaussian over time: the mesh trembles by a fraction of a millimetre.
  double smooth_s = 0.05;
};

/// What of a recording's face a mask may show: shape and expressions.
struct MaskFaceFit {
  FaceIdentity identity;
  /// Names of the expressions that are fitted; those of lids and eyeballs are never among them.
  std::vector<std::string> expressions;
  /// By frame, then by name: activation less the person's usual one, as near as the model's range
  /// allows. All 0 where nothing is known.
  std::vector<std::vector<double>> activations;
  /// Between the frames' meshes and the fitted head with its expression, root of the weighted mean
  /// square, over the frames of the identity; NaN where there are none. And the same over all
  /// frames once the mean deviation of this person's mesh is taken out.
  double reprojection_px_rms = std::numeric_limits<double>::quiet_NaN();
  double reprojection_mm_rms = std::numeric_limits<double>::quiet_NaN();
  double residual_px_rms = std::numeric_limits<double>::quiet_NaN();
  std::int64_t frames_fitted = 0, frames_without_trust = 0;

  /// For MaskReport::notes.
  Json Notes() const;
};

/// How much the mesh of each frame counts: 0 … 1, 0 round every cover of an eye.
std::vector<double> MeshTrust(const EyeReading& reading, double guard_s);

/// Fits the face of a recording frame by frame, at the poses of the head that `fit` has.
/// @param track  face track that `reading` is of. Throws DataError where it cannot be read.
MaskFaceFit FitMaskFace(const std::filesystem::path& track, const EyeReading& reading,
                        const EyeFit& fit, const HeadModel& model,
                        const MaskFaceFitOptions& options);

}  // namespace maskbench
