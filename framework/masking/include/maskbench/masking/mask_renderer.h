#pragma once

#include <array>
#include <cstdint>

#include <opencv2/core.hpp>

#include "maskbench/masking/mask_face.h"
#include "maskbench/masking/mask_parameters.h"
#include "maskbench/render/head_painter.h"

namespace maskbench {

/// A picture without a face and a note why there is none.
void DrawBlankMask(cv::Size picture_px, MaskStatus status, cv::Mat* bgr);

/// Draws the frames of a mask. The picture is a pure function of the header and the frame. Serves
/// one thread at a time.
class MaskRenderer {
 public:
  /// @param face  of a header with the same model, identity and expressions; must outlive this.
  MaskRenderer(const MaskFace& face, const MaskHeader& header);

  /// @param bgr  8-bit, of the header's size; its memory is used again.
  void Draw(const MaskFrame& frame, cv::Mat* bgr);

  /// Lids that could not reach MRD1 and MRD2 in the frames drawn so far, by Side.
  const std::array<std::int64_t, 2>& unreached() const { return unreached_; }

 private:
  void DrawFace(const MaskFrame& frame, cv::Mat* bgr);

  const MaskFace& face_;
  MaskHeader header_;
  HeadPainter painter_;
  std::array<std::int64_t, 2> unreached_{};
};

}  // namespace maskbench
