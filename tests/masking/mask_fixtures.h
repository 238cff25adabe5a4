#pragma once

#include <string>

#include "maskbench/masking/mask_face.h"
#include "maskbench/masking/mask_parameters.h"

#include "nn/assets.h"

namespace maskbench {

inline MaskHeader TestMaskHeader(const std::string& model = "parametric") {
  MaskHeader header;
  header.picture_px = {480, 360};
  header.rate = {30, 1};
  header.model = model;
  header.focal_px = 650 * 1.6;
  return header;
}

/// A frame of a head that faces the camera with both eyes on it.
inline MaskFrame TestMaskFrame() {
  MaskFrame frame;
  frame.status = MaskStatus::kSeen;
  frame.opacity = 1;
  frame.px_per_mm = 1.6;
  frame.place_px = {239.5, 179.5};
  for (MaskEye& eye : frame.eyes) {
    eye.status = MaskEyeStatus::kOpen;
    eye.mrd1_mm = 4;
    eye.mrd2_mm = 5.2;
    eye.aperture_mm = 9.2;
  }
  return frame;
}

/// Mean faces take a second to make: one for all tests of a process.
inline const MaskFace& TestMaskFace(const std::string& model = "parametric") {
  static const MaskFace parametric(TestMaskHeader("parametric"), ModelsFolder());
  static const MaskFace canonical(TestMaskHeader("canonical468"), ModelsFolder());
  return model == "parametric" ? parametric : canonical;
}

}  // namespace maskbench
