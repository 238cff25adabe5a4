#pragma once

#include <memory>
#include <vector>

#include <opencv2/core.hpp>

#include "maskbench/render/actor.h"
#include "maskbench/render/tone_curve.h"

namespace maskbench {

/// Draws the head of an actor in about half of the Renderer's time. Eyes, lids and lashes, with
/// a margin of skin, are the Renderer's own pixels; what lies around them is plain skin and is
/// drawn with one sample per pixel: lit at the vertices and at the middles of bent edges, quadratic
/// between them, with the texture where it is not even, and smoothed along the outlines. No
/// shadows, no relief and no hair.
///
/// The picture is a pure function of the arguments. An object keeps its buffers from frame to frame
/// and serves one thread at a time.
class HeadPainter {
 public:
  /// @param actor, tone  must outlive this. @param background  linear.
  HeadPainter(const Actor& actor, const Lighting& lighting, const Eigen::Vector3f& background,
              const ToneCurve& tone);
  ~HeadPainter();
  HeadPainter(HeadPainter&&) noexcept;
  HeadPainter& operator=(HeadPainter&&) noexcept;

  /// Places the head and what else is to be seen (matte meshes with normals, in the camera's
  /// frame). @param posed  of `pose`; both must live until Paint. @return what of the picture it
  /// may cover.
  cv::Rect Place(const Camera& camera, const ActorPose& pose, const Actor::Posed& posed,
                 std::vector<Mesh> more);
  /// Draws what has been placed within a part of the picture. @param bgr  8-bit, of the camera's
  /// size; all pixels of `area` are written.
  void Paint(const cv::Rect& area, cv::Mat* bgr);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace maskbench
