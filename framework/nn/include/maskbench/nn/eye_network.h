#pragma once

#include <cstdint>
#include <string>

#include "maskbench/nn/contract.h"
#include "maskbench/nn/layer_graph.h"

namespace maskbench {

/// Layout of the eye network's input and outputs.
///
/// Input: RGB of an eye's crop (maskbench/perception/eye_crop.h), 64 × 96, minus the crop's mean
/// and divided by its standard deviation over all pixels and channels.
///
/// Output "maps", [kEyeMapHeight, kEyeMapWidth, kEyeMaps] scores at half the crop's resolution: map
/// pixel (i, j) lies at crop pixel (2i + 0.5, 2j + 0.5). Of the two margins a softmax down each
/// column gives the height of the lid there; of the points a softmax over the whole map gives the
/// place.
///
/// Output "values", [kEyeValues]: what the enumeration says.
inline constexpr int kEyeMapHeight = 32, kEyeMapWidth = 48;

enum EyeMap : int {
  kUpperMarginMap,
  kLowerMarginMap,
  kMedialCornerMap,
  kLateralCornerMap,
  kIrisMap,
  kPupilMap,
  kReflexMap,
  kEyeMaps
};

enum EyeValue : int {
  /// Logarithms of half the extent of the iris' ellipse along the crop's axes, in 10 px.
  kIrisLogHalfWidth,
  kIrisLogHalfHeight,
  /// Correlation of the ellipse, −1 … 1: 0 when its axes are the crop's.
  kIrisSlant,
  /// Log odds.
  kIrisShare,  ///< Of a pixel of the iris' ellipse being in sight.
  kReflexSeen,
  kPupilSeen,
  kInSight,  ///< Of a point of the upper margin not being covered by an object.
  kShut,     ///< Of the lids touching where the iris is.
  /// Logarithms of the expected absolute errors, crop px.
  kUpperLogError,
  kLowerLogError,
  kMedialLogError,
  kLateralLogError,
  kIrisXLogError,
  kIrisYLogError,
  kIrisSizeLogError,
  kPupilLogError,
  kReflexLogError,
  kEyeValues
};

const NetworkContract& EyeNetworkContract();

/// What the places are read from; all else is the same.
enum class EyeNetworkHead {
  /// A decoder that goes back up with skips and draws the maps. The delivered network has it.
  kMaps,
  /// For comparison: places straight from the deepest layer, flattened and multiplied once, with
  /// about as many weights as the decoder. A ScoreMapsLayer draws its maps from them, so that the
  /// outputs are the contract's.
  kRegression
};
/// "maps" or "regression". Throws UsageError for anything else.
EyeNetworkHead EyeNetworkHeadOf(const std::string& name);

/// The untrained network: an encoder of strided convolutions and residual blocks of 5 × 5 depthwise
/// and 1 × 1 convolutions (after MobileNet, Howard et al. 2017, arXiv:1704.04861), and a decoder
/// that goes back up with skips (or EyeNetworkHead::kRegression). Every convolution but the last
/// ones is followed by an AffineLayer, which is where training normalises. Weights after He et al.
/// 2015 (arXiv:1502.01852).
LayerGraph BuildEyeNetwork(std::uint64_t seed, EyeNetworkHead head = EyeNetworkHead::kMaps);

}  // namespace maskbench
