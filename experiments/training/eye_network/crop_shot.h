#pragma once

#include <array>

#include <opencv2/core.hpp>

#include "maskbench/perception/eye_crop.h"
#include "maskbench/render/actor.h"
#include "maskbench/render/renderer.h"

#include "experiments/training/eye_network/crop_frame.h"
#include "experiments/training/eye_network/eye_sample.h"

namespace maskbench::training {

/// Share of an iris that must be in sight for it to count as seen.
inline constexpr float kIrisSeen = 0.1f;

/// One eye of a rendered picture.
struct EyeShot {
  EyeFrameTruth truth;     ///< In pixels of the picture.
  EyePlacement placement;  ///< From the true corners.
  cv::Rect area;           ///< Of the picture, what the patch needs.
  /// As it would be without disguise, reflections of lenses and the frame's edge. `subject`,
  /// `ancestry`, `make_up` and `occluded` are left to the caller.
  EyeLabel label;
  double px_per_mm = 1;       ///< Of the picture, at the limbus.
  float reflex_radiance = 0;  ///< At the reflex' peak; 0 where it is covered.
};

/// A picture that is just large enough for the patches of both eyes, and their labels.
struct CropShot {
  RenderedFrame picture;  ///< With labels and depth.
  Camera camera;
  std::array<EyeShot, 2> eyes;  ///< By Side.
};

/// Renders a frame. The images of `shot` are used again.
void Shoot(const CropFrame& frame, const Actor& actor, Renderer* renderer, CropShot* shot);

}  // namespace maskbench::training
