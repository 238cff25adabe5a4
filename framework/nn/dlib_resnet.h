#pragma once

#include "maskbench/nn/layer_graph.h"

#include "tfjs_weights.h"

namespace maskbench {

/// dlib's face recognition ResNet with the weights of face-api, which stores them by name without
/// topology: a 7×7 stem, fourteen residual blocks of two 3×3 convolutions at 32 to 256 channels,
/// the mean over the image and a projection to 128 numbers. Every convolution has a bias and is
/// followed by a per-channel scale and shift.
///
/// Output: one, "fc". Throws DataError when a weight is missing or has another shape.
LayerGraph BuildDlibResnet(const TfjsWeights& weights);

}  // namespace maskbench
