#pragma once

#include <Eigen/Core>

#include "maskbench/perception/eye_network.h"
#include "maskbench/reconstruct/eye_fit.h"

#include "eyeball_problem.h"

namespace maskbench {

/// Reads lids against reflex and limbus in one frame, along the face's vertical, into entry `frame`
/// of the traces. @param axis_deg  pupillary axis; NaN: only what needs no direction is given.
void ReadLids(const EyeEvidence& eye, const EyeSighting& seen, const EyeFit& fit, Side side,
              const Eigen::Vector2d& axis_deg, size_t frame, EyeTraces* traces);

}  // namespace maskbench
