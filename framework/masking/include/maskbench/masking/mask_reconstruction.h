#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <Eigen/Core>
#include <opencv2/core.hpp>

#include "maskbench/head/head_model.h"
#include "maskbench/masking/mask_face_fit.h"
#include "maskbench/masking/mask_follower.h"
#include "maskbench/media/recording.h"
#include "maskbench/nn/network_library.h"
#include "maskbench/reconstruct/eye_fit.h"
#include "maskbench/reconstruct/eye_reader.h"

namespace maskbench {

/// The component `mask_reconstruction`, which digital masks start from.
inline constexpr char kMaskReconstructionType[] = "mask_reconstruction";

/// All that an offline mask of a recording can be made of, whatever its policy, stages and
/// switches: what the frames say of eyes and head, and the face of a head model fitted to them.
/// It is measured, not chosen, so it tells who is recorded: it stays inside of a run.
struct MaskReconstruction {
  cv::Size picture_px;
  FrameRate rate;
  std::string model = "parametric";  ///< Head model that the face was fitted with.
  double camera_distance_mm = 650;   ///< Assumed.
  double iris_diameter_mm = 11.7;    ///< Assumed.
  std::vector<MaskSight> sights;     ///< By frame.
  /// Distance of the globes' centres, EyeSpacingMm; nothing where it is not known.
  std::optional<double> eye_spacing_mm;
  /// Of its identity: `known`, `identity` and `scale` alone. Nothing where it was not asked for.
  std::optional<MaskFaceFit> face;
};

/// What the frames say, from the fit to them.
std::vector<MaskSight> SightsOf(const EyeFit& fit);

/// The reconstruction's bytes; every number comes back as it was.
std::string SerialiseMaskReconstruction(const MaskReconstruction& reconstruction);
/// @param origin  names the bytes in messages. Throws DataError.
MaskReconstruction ParseMaskReconstruction(const std::string& bytes, const std::string& origin);

/// Reconstructs recordings, offline. One per worker.
class MaskReconstructor {
 public:
  /// Throws DataError where a network or a head model is missing.
  MaskReconstructor(const NetworkLibrary& networks, const std::string& model,
                    double camera_distance_mm);

  /// @param track  face track of `recording.file`. @param with_face  whether the head model is
  /// fitted as well. Throws DataError, also where no frame shows a face.
  MaskReconstruction Reconstruct(const Recording& recording, const std::filesystem::path& track,
                                 bool with_face);

 private:
  double camera_distance_mm_;
  EyeReader reader_;
  Eigen::Matrix3Xd canonical_mm_;
  std::array<Eigen::Vector3d, 2> globes_mm_;
  std::string model_name_;
  std::unique_ptr<const HeadModel> model_;
};

}  // namespace maskbench
