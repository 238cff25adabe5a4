#pragma once

#include <memory>

#include <opencv2/core.hpp>

#include "maskbench/render/scene.h"

namespace maskbench {

struct RenderOptions {
  bool shadows = true;  ///< Shadow map of the first light that casts one.
  bool labels = false;  ///< Fill RenderedFrame::labels.
  bool depth = false;   ///< Fill RenderedFrame::depth_mm.
};

/// What the renderer makes of one scene. Images not asked for are empty.
struct RenderedFrame {
  /// CV_32FC3, R, G, B: linear radiance, averaged over the square of the pixel.
  cv::Mat linear;
  /// CV_8U, values of Part: what fills most of the pixel; of two halves, the one that holds its
  /// centre. Strands count where they hide more than half of what is behind.
  cv::Mat labels;
  /// CV_32F: z in the camera frame of the surface that fills most of the pixel, 0 for background.
  /// Strands are left out.
  cv::Mat depth_mm;
};

/// Draws scenes on one core. The picture is a pure function of scene and options. An object keeps
/// its buffers from frame to frame and serves one thread at a time.
class Renderer {
 public:
  Renderer();
  ~Renderer();
  Renderer(Renderer&&) noexcept;
  Renderer& operator=(Renderer&&) noexcept;

  /// Throws DataError that names the mesh when indices or array sizes do not fit. The images of
  /// `frame` are reused where size and type allow.
  void Render(const Scene& scene, const RenderOptions& options, RenderedFrame* frame);
  RenderedFrame Render(const Scene& scene, const RenderOptions& options = {});

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace maskbench
