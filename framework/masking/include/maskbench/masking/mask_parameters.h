#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <opencv2/core.hpp>

#include "maskbench/core/side.h"
#include "maskbench/media/recording.h"

namespace maskbench {

/// Where the face of a frame comes from.
enum class MaskStatus : std::uint8_t {
  kLost = 0,  ///< Not seen for longer than it is held: fading or blank.
  kSeen = 1,
  kHeld = 2,  ///< Not seen: what was seen last.
  /// Seen before the first calibration of a causal mask: measured with average eyeballs, or blank.
  kStarting = 3,
};

/// What is known of an eye in a frame.
enum class MaskEyeStatus : std::uint8_t {
  kNotSeen = 0,  ///< Covered, or unknown for longer than it is held.
  kOpen = 1,     ///< Lids and visual axis of this frame.
  kShut = 2,     ///< The lids touch.
  /// Lids of this frame, or what was seen last; the visual axis is that of an earlier frame.
  kLidsOnly = 3,
};

struct MaskEye {
  MaskEyeStatus status = MaskEyeStatus::kNotSeen;
  /// Visual axis against the line from the eye to the camera: to the patient's left, up.
  double azimuth_deg = 0, elevation_deg = 0;
  /// From the corneal reflex of a light at the camera to the margins along the face's vertical.
  double mrd1_mm = 0, mrd2_mm = 0;
  double aperture_mm = 0;  ///< Opening in the iris' column.
};

struct MaskFrame {
  MaskStatus status = MaskStatus::kLost;
  double opacity = 0;  ///< 1 the face, 0 nothing.
  /// Head against the line from the camera to it, as Pose::OfHead.
  double yaw_deg = 0, pitch_deg = 0, roll_deg = 0;
  double px_per_mm = 0;
  cv::Point2d place_px;         ///< Of the point midway between the globes' centres.
  std::array<MaskEye, 2> eyes;  ///< By Side.
  /// Activations, one for each of MaskHeader::expressions; 0 is the person's usual face.
  std::vector<double> expression;
};

/// Which stages of the mask act; see docs/digital_mask.md.
struct MaskStages {
  bool eyelid = true;
  bool eyeball = true;
  bool retargeting = true;
};

/// What a frame of a mask was made from.
enum class MaskMode : std::uint8_t {
  kOffline = 0,  ///< The whole recording.
  kCausal = 1,   ///< The frames before it and a fixed number after it.
};
std::string ToString(MaskMode mode);

/// What holds for the recording.
struct MaskHeader {
  MaskMode mode = MaskMode::kOffline;
  int latency_frames = 0;  ///< With kCausal: how many later frames a frame looks at.
  cv::Size picture_px;
  FrameRate rate;
  std::string model = "parametric";  ///< Of HeadModels().
  std::string policy = "mean";       ///< Whose face is shown; a name of FacePolicies().
  double iris_diameter_mm = 11.7;    ///< All millimetres hold at this horizontal diameter.
  double camera_distance_mm = 650;
  double focal_px = 0;
  MaskStages stages;
  /// Coefficients of the head model, in standard deviations; empty: the mean.
  std::vector<double> identity;
  double scale = 1;  ///< The shown head's mm per mm of the head model.
  /// Names of the head model's expressions that frames hold activations of.
  std::vector<std::string> expressions;
};

/// All that the mask of a recording shows.
struct MaskParameters {
  MaskHeader header;
  std::vector<MaskFrame> frames;
};

/// Steps that values are rounded to when they are written.
namespace mask_step {
inline constexpr double kDegrees = 0.02, kMillimetres = 0.01, kPixels = 0.05;
inline constexpr double kPixelsPerMillimetre = 0.0005, kActivation = 0.005, kCoefficient = 0.001;
inline constexpr double kOpacity = 1.0 / 255, kFocalPixels = 0.01, kScale = 0.0005;
}  // namespace mask_step

/// Writes the bytes of frames, one after the other.
class MaskFrameWriter {
 public:
  explicit MaskFrameWriter(const MaskHeader& header) : expressions_(header.expressions.size()) {}
  /// Appends the next frame. Throws UsageError where a value cannot be written.
  void Put(const MaskFrame& frame, std::string* bytes);

 private:
  size_t expressions_;
  std::vector<std::int64_t> before_;
  std::int64_t index_ = 0;
};

/// Reads the bytes of frames back, one after the other.
class MaskFrameReader {
 public:
  /// @param origin  names the bytes in messages. @param count  frames in all, for messages.
  MaskFrameReader(const MaskHeader& header, std::string origin, size_t count)
      : expressions_(header.expressions.size()), origin_(std::move(origin)), count_(count) {}
  /// The frame that begins at `*at`, which moves to the next. Throws DataError.
  MaskFrame Take(const std::string& bytes, size_t* at);

 private:
  size_t expressions_;
  std::string origin_;
  size_t count_;
  std::vector<std::int64_t> before_;
  std::int64_t index_ = 0;
};

/// A header as it is read back from a file.
MaskHeader RoundedMaskHeader(const MaskHeader& header);

/// A file from its header and the bytes of its frames.
std::string MaskParametersFile(const MaskHeader& header, size_t frames, const std::string& payload);

/// The file's bytes; docs/digital_mask.md describes them. Throws UsageError where a value cannot be
/// written (not finite, or activations that the header does not name).
std::string SerialiseMaskParameters(const MaskParameters& parameters);
/// @param origin  names the bytes in messages. Throws DataError.
MaskParameters ParseMaskParameters(const std::string& bytes, const std::string& origin);

void WriteMaskParameters(const std::filesystem::path& file, const MaskParameters& parameters);
/// Throws DataError that names the file.
MaskParameters ReadMaskParameters(const std::filesystem::path& file);

}  // namespace maskbench
