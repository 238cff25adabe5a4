#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <opencv2/core.hpp>

#include "maskbench/core/json.h"
#include "maskbench/core/registry.h"
#include "maskbench/media/recording.h"
#include "maskbench/media/video_writer.h"
#include "maskbench/nn/network_library.h"
#include "maskbench/perception/face_tracker.h"

namespace maskbench {

/// One recording to be masked.
struct MaskJob {
  Recording recording;
  /// Face track of `recording.file`; may be empty for maskers that find faces themselves.
  std::filesystem::path track;
  /// The file to write; its folder exists and belongs to this job alone. What a clinic could store
  /// in the video's place is left beside it (StoredBeside).
  std::filesystem::path output;
  /// The file made elsewhere that stands for the output, for maskers registered with a companion.
  std::optional<std::filesystem::path> companion;
  /// Truth of every frame of a virtual recording, for oracles (ComponentInfo::needs_truth) alone;
  /// nothing for all other methods, and where there is none.
  std::optional<std::filesystem::path> truth;
  /// AnonymousPatient of who is recorded, for methods registered as needing it
  /// (ComponentInfo::needs_patient) alone; empty for all others, and where it is not known.
  std::string patient;
  uint64_t seed = 0;
  /// Called, where it is set, after each frame of a masker that finds faces itself.
  std::function<void()> after_frame;
  /// What ComponentInfo::reconstruction asks for, made of this recording; nothing: the method
  /// reconstructs by itself.
  std::optional<std::filesystem::path> reconstruction;
  /// The frames to deliver, ascending, for methods registered as delivering chosen ones
  /// (ComponentInfo::single_frames) alone; empty: all of them.
  std::vector<std::int64_t> frames;
  /// The pictures of `frames`, decoded once for all methods that ask; null: read them from the
  /// file.
  std::function<const std::vector<cv::Mat>&()> pictures;
};

/// Tells recordings of one person from those of others without the person's id: "p" and 15
/// hexadecimal digits of a hash of the id, the same in all runs. An id that can be guessed can be
/// found from it, so it belongs neither into masks nor into results.
std::string AnonymousPatient(const std::string& id);

struct MaskReport {
  int64_t frames = 0;
  /// Frames delivered black because the face was lost for too long to know where it was.
  int64_t frames_blanked = 0;
  /// By delivered frame: where the picture's first pixel lies in the recording's frame, px. Empty
  /// where pictures keep their place.
  std::vector<cv::Point2f> origins_px;
  /// What else a reader should know, e.g. whether a sandbox was used.
  Json notes = Json::object();
};

/// Maps a recording file to a recording file. Frame-by-frame masks derive from FrameMasker instead.
/// One instance per worker; it sees pixels under an anonymous id and nothing else, unless it is
/// registered as an oracle.
class Masker {
 public:
  struct Context {
    DeliveryOptions delivery;
    /// Null where no mask that needs one is made.
    const NetworkLibrary* networks = nullptr;
    /// For maskers that find faces themselves.
    FaceTrackerOptions perception{};
  };

  virtual ~Masker() = default;
  /// With the dot; what the output file is called.
  virtual std::string Extension(const Recording&) const = 0;
  /// Whether a job needs no track: faces are found on the way, in the same pass.
  virtual bool FindsFaces() const { return false; }
  /// Writes `job.output`. Throws DataError: the case is then recorded as failed with that reason.
  virtual MaskReport Mask(const MaskJob& job) = 0;
};

}  // namespace maskbench
