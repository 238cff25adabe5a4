#pragma once

#include <memory>

#include <opencv2/core.hpp>

#include "maskbench/masking/face_region.h"
#include "maskbench/masking/masker.h"

namespace maskbench {

/// A mask that works on one frame at a time. WrapFrameMasker makes a Masker of it: reading,
/// steadying the face's place, blanking frames whose face is lost, and writing are done there.
class FrameMasker {
 public:
  virtual ~FrameMasker() = default;
  /// Called once per recording, before its frames. @return the size of the frames to be delivered.
  virtual cv::Size Begin(cv::Size frame_size, const FaceRegions& regions) = 0;
  /// @param region  its place is known. @param bgr  input. @param masked  output, of Begin's size.
  virtual void Apply(const cv::Mat& bgr, const FaceRegion& region, cv::Mat* masked) = 0;
  /// Where the first pixel of what Apply makes of that region lies in the frame, px.
  virtual cv::Point2f Origin(const FaceRegion&) const { return {0, 0}; }
  /// A mask that needs no face also gets frames without one.
  virtual bool NeedsFace() const { return true; }
};

/// Says that a method is one of these: it can deliver chosen frames alone.
ComponentInfo FrameMaskerInfo(ComponentInfo info);

std::unique_ptr<Masker> WrapFrameMasker(std::unique_ptr<FrameMasker> masker,
                                        const Masker::Context& context);

}  // namespace maskbench
