#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include <opencv2/core.hpp>

#include "maskbench/masking/mask_face.h"
#include "maskbench/masking/mask_parameters.h"
#include "maskbench/masking/masker.h"
#include "maskbench/media/video_writer.h"

namespace maskbench {

/// Draws the videos of masks from the bytes of their parameters and nothing else: with the same
/// models and delivery, equal bytes give equal videos. One thread at a time; the face is kept from
/// one video to the next where both show the same.
class MaskVideo {
 public:
  explicit MaskVideo(std::filesystem::path models_dir);

  /// Called for each frame in order once it is drawn; may change the picture, not its size.
  using AfterFrame = std::function<void(const MaskFace& face, const MaskHeader& header,
                                        const MaskFrame& frame, cv::Mat* bgr)>;

  /// @param bytes   a file of parameters. @param origin  names them in messages.
  /// @param output  the video to write.
  /// @return what a masker reports. Throws DataError for bytes that are no parameters and where the
  /// head model is missing.
  MaskReport Draw(const std::string& bytes, const std::string& origin,
                  const std::filesystem::path& output, const DeliveryOptions& delivery,
                  const AfterFrame& after_frame = nullptr);

  /// Where a masker's option `parameters` asks for a copy of the parameters: a file, or a folder in
  /// which each recording gets ANONYMOUS_ID.mask. Does nothing where it is empty.
  static void Keep(const std::string& bytes, const std::string& where,
                   const std::string& anonymous_id);

 private:
  std::filesystem::path models_dir_;
  std::unique_ptr<MaskFace> face_;
  MaskHeader shown_;  ///< Whose face `face_` is.
};

}  // namespace maskbench
