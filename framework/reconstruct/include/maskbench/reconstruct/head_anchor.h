#pragma once

#include <array>
#include <optional>
#include <vector>

#include "maskbench/perception/eye_network.h"
#include "maskbench/reconstruct/head_motion.h"

namespace maskbench {

/// The head's pose as each orbit has it, by Side, then by frame: size and directions are the same,
/// places are not.
using OrbitViews = std::array<std::vector<HeadView>, 2>;

/// Places the head by the corners of the eyes instead of the face mesh.
///
/// The mesh network takes a look upwards for a head that tilts: through ±30° of gaze it moves the
/// orbits by ±2 mm, a third of what the iris moves, and bends the head by ±1.5°. Corners of the
/// eyes hardly move with the eye. So turn and pitch come from the mesh, held steady over time;
/// size, tilt and place come from up to four corners, least squares, against where this person's
/// corners are (their depth is the mean face's). The head is smoothed over time (Gaussian, 0.05 s
/// for its place, 0.25 s for size and directions), the eyes never are.
///
/// @param eyes  by frame, then by Side; as EyeReading::eyes.
/// @param views  HeadMotion::Fit. @param canonical_mm  as of SkullPoints.
/// @return views of the same frames; those with no corner in sight nearby keep the mesh's place.
OrbitViews AnchorToCorners(const std::vector<std::optional<std::array<EyeEvidence, 2>>>& eyes,
                           double rate_hz, const std::vector<HeadView>& views,
                           const Eigen::Matrix3Xd& canonical_mm);

}  // namespace maskbench
