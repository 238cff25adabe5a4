#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <opencv2/core.hpp>

#include "maskbench/masking/mask_face.h"
#include "maskbench/masking/mask_parameters.h"
#include "maskbench/masking/mask_renderer.h"
#include "maskbench/masking/masker.h"
#include "maskbench/media/video_writer.h"

namespace maskbench {

/// One video of a mask, drawn frame by frame. What it draws is what the file of its parameters
/// says: each frame is written as bytes and read back first.
class MaskVideoStream {
 public:
  /// Called for each frame in order once it is drawn; may change the picture, not its size.
  using AfterFrame = std::function<void(const MaskFace& face, const MaskHeader& header,
                                        const MaskFrame& frame, cv::Mat* bgr)>;

  /// @param header  all of it, or, until Settle, all but the face and the focal length.
  /// @param face  where the face is kept from one video to the next.
  MaskVideoStream(const MaskHeader& header, std::shared_ptr<const MaskFace>* face,
                  MaskHeader* shown, std::filesystem::path models_dir,
                  const std::filesystem::path& output, const DeliveryOptions& delivery,
                  AfterFrame after_frame);

  /// Before the first frame that shows a face. Throws DataError where the head model is missing.
  void Settle(const MaskHeader& header);
  /// @param deliver  otherwise the frame becomes part of the file, but not of the video.
  void Draw(const MaskFrame& frame, bool deliver = true);
  /// Ends the video. @param file  gets the file of parameters.
  MaskReport Finish(std::string* file);

 private:
  const MaskFace& Face();

  MaskHeader header_;
  std::shared_ptr<const MaskFace>* face_;
  MaskHeader* shown_;
  std::filesystem::path models_dir_;
  AfterFrame after_frame_;
  std::unique_ptr<VideoWriter> writer_;
  std::optional<MaskRenderer> renderer_;
  MaskFrameWriter frame_writer_;
  MaskFrameReader frame_reader_;
  std::string payload_, frame_bytes_;
  MaskReport report_;
  std::int64_t frames_ = 0, held_ = 0, starting_ = 0;
  std::array<std::int64_t, 2> not_seen_{}, lids_only_{};
  cv::Mat bgr_;
};

/// Draws the videos of masks from the bytes of their parameters and nothing else: with the same
/// models and delivery, equal bytes give equal videos. One thread at a time; the face is kept from
/// one video to the next where both show the same.
class MaskVideo {
 public:
  explicit MaskVideo(std::filesystem::path models_dir);

  using AfterFrame = MaskVideoStream::AfterFrame;

  /// @param bytes   a file of parameters. @param origin  names them in messages.
  /// @param output  the video to write. @param frames  of the mask that it shows, ascending; empty:
  /// all. They look as they do among the others.
  /// @return what a masker reports. Throws DataError for bytes that are no parameters and where the
  /// head model is missing.
  MaskReport Draw(const std::string& bytes, const std::string& origin,
                  const std::filesystem::path& output, const DeliveryOptions& delivery,
                  const AfterFrame& after_frame = nullptr,
                  const std::vector<std::int64_t>& frames = {});

  /// A video whose parameters are still coming; ends before the next one begins. @param header  as
  /// of MaskVideoStream.
  MaskVideoStream Begin(const MaskHeader& header, const std::filesystem::path& output,
                        const DeliveryOptions& delivery, const AfterFrame& after_frame = nullptr);

  /// Where a masker's option `parameters` asks for a copy of the parameters: a file, or a folder in
  /// which each recording gets ANONYMOUS_ID.mask. Does nothing where it is empty.
  static void Keep(const std::string& bytes, const std::string& where,
                   const std::string& anonymous_id);

 private:
  std::filesystem::path models_dir_;
  std::shared_ptr<const MaskFace> face_;
  MaskHeader shown_;  ///< Whose face `face_` is.
};

}  // namespace maskbench
