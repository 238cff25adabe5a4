#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <opencv2/core.hpp>

#include "maskbench/masking/mask_video.h"
#include "maskbench/media/frame_source.h"

namespace maskbench {

/// Lays the face of a drawn mask over the frames of the recording it was made from. Unsafe: hair,
/// ears, outline of the face, clothes and background stay the patient's.
///
/// The face is what lies within the oval of the 468-point mesh, as the mask's head has it; its edge
/// is soft inwards. Where the mask lost the face the frame is black, as of other masks.
class MaskOverlay {
 public:
  /// @param frames  of the recording that are drawn, ascending; empty: all. @param pictures  what
  /// they show, if that was read already; outlives this.
  explicit MaskOverlay(const Recording& recording, std::vector<std::int64_t> frames = {},
                       const std::vector<cv::Mat>* pictures = nullptr);

  /// For MaskVideo::Draw; this must outlive it. Throws DataError where the recording has fewer
  /// frames than the mask, or frames of another size.
  MaskVideo::AfterFrame AfterFrame();

 private:
  void Lay(const MaskFace& face, const MaskHeader& header, const MaskFrame& frame, cv::Mat* bgr);

  std::unique_ptr<FrameSource> frames_;  ///< Null where the pictures are there.
  const std::vector<cv::Mat>* pictures_;
  std::vector<std::int64_t> chosen_;
  std::int64_t drawn_ = 0, read_ = 0;
  Frame original_;
};

/// How much of the mask's face a picture with an overlay shows at each pixel: 0 outside of the
/// face's oval, 255 from 8 mm inside of it. 8-bit, of the header's size.
cv::Mat MaskFaceShare(const MaskFace& face, const MaskHeader& header, const MaskFrame& frame);

}  // namespace maskbench
