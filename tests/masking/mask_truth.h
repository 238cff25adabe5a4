#pragma once

#include <array>
#include <cmath>
#include <vector>

#include "maskbench/masking/mask_face.h"

#include "masking/mask_fixtures.h"

namespace maskbench {

/// What is true of the eyes of a posed mask.
inline std::array<EyeFrameTruth, 2> Truth(const MaskFace& face, const MaskFace::Posed& posed) {
  Scene scene;
  scene.camera = posed.camera;
  return face.actor().Truth(posed.pose, face.actor().Pose(posed.pose), scene, nullptr);
}

/// MRD1 and MRD2 as a picture shows them: from the reflex along the face's vertical, divided by how
/// much a bent head shortens that.
inline Eigen::Vector2d MarginDistances(const MaskFrame& frame, const EyeFrameTruth& eye) {
  const Pose turned = Pose::OfHead(frame.yaw_deg, frame.pitch_deg, frame.roll_deg, {0, 0, 0});
  const Eigen::Vector2d up = turned.rotation.col(1).head<2>();
  const Eigen::Vector2d unit = up.normalized(), across(-unit.y(), unit.x());
  const auto height = [&](const auto& margin) {
    for (size_t k = 0; k + 1 < margin.size(); ++k) {
      const Eigen::Vector2d a = margin[k].pixel - eye.reflex_px,
                            b = margin[k + 1].pixel - eye.reflex_px;
      const double x = a.dot(across), y = b.dot(across);
      if ((x <= 0) == (y <= 0)) continue;
      const Eigen::Vector2d at = a + x / (x - y) * (b - a);
      return at.dot(unit) / up.norm() / frame.px_per_mm;
    }
    return std::nan("");
  };
  return {height(eye.upper), -height(eye.lower)};
}

/// Visual axis against the line from the eye to the camera: to the patient's left, up; degrees.
inline Eigen::Vector2d AxisAgainstCamera(const EyeFrameTruth& eye,
                                         const Eigen::Vector3d& globe_camera) {
  const Eigen::DiagonalMatrix<double, 3> flip(1, -1, -1);
  return GazeAngles(flip * eye.visual_axis_camera) - GazeAngles(flip * -globe_camera);
}

/// Frames of many heads and eyes.
inline std::vector<MaskFrame> Poses() {
  std::vector<MaskFrame> frames;
  const auto add = [&](const std::array<double, 3>& head, cv::Point2d place, Eigen::Vector2d right,
                       Eigen::Vector2d left, std::array<double, 2> mrd1, double mrd2) {
    MaskFrame frame = TestMaskFrame();
    frame.yaw_deg = head[0];
    frame.pitch_deg = head[1];
    frame.roll_deg = head[2];
    frame.place_px = place;
    frame.px_per_mm = 1.5 + 0.02 * static_cast<double>(frames.size());
    const std::array<Eigen::Vector2d, 2> axes = {right, left};
    for (size_t s = 0; s < 2; ++s) {
      frame.eyes[s].azimuth_deg = axes[s].x();
      frame.eyes[s].elevation_deg = axes[s].y();
      frame.eyes[s].mrd1_mm = mrd1[s];
      frame.eyes[s].mrd2_mm = mrd2;
    }
    frames.push_back(frame);
  };
  add({0, 0, 0}, {239.5, 179.5}, {0, 0}, {0, 0}, {4, 4}, 5.2);
  add({0, 0, 0}, {200, 150}, {0, 0}, {-14, 3}, {4, 1}, 5);          // Esotropia, ptosis.
  add({18, -6, 7}, {260, 170}, {-10, 5}, {-10, 5}, {3.5, 3}, 5.5);  // A turned head.
  add({-15, 8, -10}, {230, 200}, {12, -8}, {12, -8}, {4, 4.5}, 4);
  add({3, 2, -2}, {245, 185}, {0, 18}, {0, 18}, {3, 3}, 6);       // Up.
  add({0, 0, 0}, {239.5, 179.5}, {0, -25}, {0, -25}, {5, 6}, 3);  // Down, with lid lag.
  add({0, 0, 0}, {239.5, 179.5}, {0, 0}, {0, 0}, {7, 6.5}, 6.5);  // Retraction.
  return frames;
}

}  // namespace maskbench
