#pragma once

#include <vector>

#include "maskbench/core/registry.h"
#include "maskbench/masking/mask_parameters.h"
#include "maskbench/perception/observer.h"

namespace maskbench {

/// What the file of a mask says of who is behind it, as numbers that can be compared between
/// recordings. In this order: the 40 identity coefficients (0 where there are fewer) and the head's
/// scale; medians and spreads over time of scale, place and pose; of each eye the 10th, 50th and
/// 90th percentile of MRD1, MRD2, opening, azimuth and elevation, the slopes of MRD1 and MRD2 over
/// elevation, the shares of frames in which it is shut and not seen, and blinks per minute; mean
/// and standard deviation of every activation. NaN where a number cannot be given. Its length
/// depends on the number of activations alone.
std::vector<float> StoredParametersDescriptor(const MaskParameters& parameters);

/// Registers the observer `stored_parameters`, which looks at the file that a mask stored and not
/// at the video.
void RegisterStoredParameters(Registry<Observer>* registry);

}  // namespace maskbench
