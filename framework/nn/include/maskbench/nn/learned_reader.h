#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "maskbench/nn/contract.h"
#include "maskbench/nn/layer_graph.h"
#include "maskbench/nn/network.h"

namespace maskbench {

// The learned reader is two networks. `reader_frame` looks at one eye in one frame and says what it
// sees in eight numbers; `reader_time` looks at those of both eyes over a few seconds and says what
// the eye has. Both see an eye as if it were a left one, so that the mirror image of a recording is
// read as the same with right and left exchanged.

/// What is seen of one eye in one frame. Angles are against the line from the eye to the camera;
/// millimetres are those of an eye whose iris is 11.7 mm wide.
struct EyeNow {
  static constexpr int kNumbers = 8;
  float mrd1_mm = std::numeric_limits<float>::quiet_NaN();
  float mrd2_mm = std::numeric_limits<float>::quiet_NaN();
  float nasal_deg = std::numeric_limits<float>::quiet_NaN();  ///< Pupillary axis, to the nose.
  float up_deg = std::numeric_limits<float>::quiet_NaN();
  float head_nasal_deg = 0;  ///< The head's forward direction, to this eye's nose.
  float head_up_deg = 0;
  float shut = 0;     ///< Probability that the lids are less than a millimetre apart.
  float covered = 0;  ///< Probability that something is before the eye.
};

/// Input: grey values of the eye, then of the face (maskbench/perception/reader_crop.h), 48 × 72
/// each, each minus its mean and divided by its standard deviation. Output "values":
/// [kReaderFrameValues].
enum ReaderFrameValue : int {
  kReaderMrd1,  ///< In units of kReaderFrameUnits, like all down to the head's elevation.
  kReaderMrd2,
  kReaderNasal,
  kReaderUp,
  kReaderHeadNasal,
  kReaderHeadUp,
  kReaderShut,     ///< Log odds.
  kReaderCovered,  ///< Log odds.
  /// Logarithms of the expected absolute errors of the first four, in the same units.
  kReaderMrd1LogError,
  kReaderMrd2LogError,
  kReaderNasalLogError,
  kReaderUpLogError,
  kReaderFrameValues
};

/// Offset and unit (mm, degrees) of the frame network's first six outputs.
struct ReaderUnit {
  float offset, unit;
};
inline constexpr std::array<ReaderUnit, 6> kReaderFrameUnits = {
    {{3, 2}, {5, 2}, {-5, 10}, {0, 10}, {0, 10}, {0, 10}}};

/// @param values  kReaderFrameValues.
EyeNow DecodeReaderFrame(const float* values);

/// Steps of 1/30 s that the time network sees at once, how far apart its windows begin, and the
/// channels of a step: own eye, other eye, head, rhythm, whether there was a face.
inline constexpr double kReaderHz = 30;
inline constexpr int kReaderSteps = 128, kReaderHop = 32, kReaderChannels = 17;

/// Conditions in the order of EyeCondition.
inline constexpr int kReaderConditions = 4;
inline constexpr int kReaderStrabismusKinds = 4;  ///< esotropia, exotropia, hypertropia, hypotropia
/// pendular, pendular_vertical, jerk to the nose, to the temple, up, down.
inline constexpr int kReaderNystagmusKinds = 6;

/// Output "values" of the time network: [kReaderTimeValues]. Logits of a window count by a softmax
/// of its condition's weights over all windows of the recording.
enum ReaderTimeValue : int {
  kReaderPresence = 0,                               ///< Log odds, one per condition.
  kReaderWeight = kReaderConditions,                 ///< One per condition.
  kReaderPtosisGrade = 2 * kReaderConditions,        ///< Log odds of moderate or worse, of severe.
  kReaderOrbitopathyGrade = kReaderPtosisGrade + 2,  ///< Log odds of moderate to severe.
  kReaderStrabismusKind = kReaderOrbitopathyGrade + 1,
  kReaderNystagmusKind = kReaderStrabismusKind + kReaderStrabismusKinds,
  kReaderTimeValues = kReaderNystagmusKind + kReaderNystagmusKinds
};
/// The condition whose weights an output counts by.
int ReaderConditionOf(int time_value);

/// One step of a recording: both eyes by Side, and whether a face was found.
struct ReaderStep {
  std::array<EyeNow, 2> eyes;
  bool seen = false;
};

/// First steps of the windows that cover a recording of `steps` steps; at least one.
std::vector<int> ReaderWindows(int steps);

/// The time network's input for the eye `side` (0 right, 1 left): kReaderChannels × kReaderSteps.
/// Steps beyond the end are as if no face were found.
void FillReaderWindow(const std::vector<ReaderStep>& steps, int first, int side, float* input);

/// From the windows' outputs (windows × kReaderTimeValues) to the recording's: entries of
/// kReaderWeight are left 0.
std::array<float, kReaderTimeValues> PoolReaderWindows(const float* values, size_t windows);

/// What the time network (loaded for one) says of both eyes of a recording, by Side; pooled.
std::array<std::array<float, kReaderTimeValues>, 2> ReadOverTime(
    const std::vector<ReaderStep>& steps, Network* time_network);

const NetworkContract& ReaderFrameContract();
const NetworkContract& ReaderTimeContract();

/// The untrained networks. Convolutions in the manner of MobileNet (Howard et al. 2017,
/// arXiv:1704.04861); the eye's and the face's picture meet in the third stage. Of the time network
/// convolutions run over time alone, and what they find counts by its mean and by its maximum.
LayerGraph BuildReaderFrame(std::uint64_t seed);
LayerGraph BuildReaderTime(std::uint64_t seed);

}  // namespace maskbench
