#pragma once

#include <array>
#include <vector>

#include <Eigen/Core>
#include <opencv2/core.hpp>

#include "maskbench/core/rng.h"
#include "maskbench/core/side.h"
#include "maskbench/render/camera.h"
#include "maskbench/render/scene.h"

namespace maskbench::training {

/// A pair of glasses in the head frame: rims are meshes of the scene, lenses are painted over the
/// picture.
struct Eyewear {
  Mesh rims;  ///< Positions in the head frame; see RimsInCamera.
  /// Inner outline of each lens, head frame, mm, by Side.
  std::array<std::vector<Eigen::Vector3d>, 2> lenses;
  Eigen::Vector3f transmission{0.92f, 0.92f, 0.92f};
  double gradient = 0;  ///< 0 … 1: how much clearer the lenses' lower end is.
  /// Mirror images of windows and lamps: corners in lens coordinates (−1 … 1 across and up), their
  /// radiance and softness (mm).
  struct Reflection {
    std::vector<Eigen::Vector2d> corners;
    Eigen::Vector3f radiance{0, 0, 0};
    double soft_mm = 1;
  };
  std::array<std::vector<Reflection>, 2> reflections;
};

/// @param globe_centres  head frame, mm, by Side.
/// @param light          brightness of what is mirrored, as radiance.
Eyewear DrawEyewear(NamedRandom* random, const std::array<Eigen::Vector3d, 2>& globe_centres,
                    float light);

/// The rims in the camera frame.
Mesh RimsInCamera(const Eyewear& glasses, const Pose& head);

/// Paints one lens over a linear picture (CV_32FC3, R, G, B) of a camera.
/// @param labels     Part per pixel: rims and what stands before the glasses are left out.
/// @param radiance   CV_32F or empty; receives what reflections add (luminance).
void PaintLens(const Eyewear& glasses, Side side, const Pose& head, const Camera& camera,
               const cv::Mat& labels, cv::Mat* linear, cv::Mat* radiance);

}  // namespace maskbench::training
