#pragma once

#include <string>

#include <Eigen/Core>

#include "maskbench/core/json.h"
#include "maskbench/masking/mask_parameters.h"

namespace maskbench {

struct OracleOptions {
  std::string model = "parametric";
  MaskStages stages;
};

/// What the digital mask would show of a virtual recording if nothing were measured wrongly: the
/// same parameters, from the recording's truth (docs/virtual_clinic.md) instead of its pixels.
///
/// Everything is given as an observer of the picture reads it: millimetres at an iris of 11.7 mm,
/// whatever this person's iris has; MRD1 and MRD2 from the reflex along the face's vertical, in the
/// picture; angles against the true camera. An eye counts as covered where half of its upper lid's
/// margin or more is out of sight. Expressions and identity stay empty. Values are not rounded yet.
/// @param truth   of every frame. @param origin  names it in messages.
/// @param rate    of the recording.
/// @param face_from_model  of the parametric head (MaskFace), whose frame virtual heads have.
/// Throws DataError where the truth is of another kind or lacks something.
MaskParameters OracleMaskParameters(const Json& truth, const std::string& origin, FrameRate rate,
                                    const Eigen::Matrix3d& face_from_model,
                                    const OracleOptions& options);

}  // namespace maskbench
