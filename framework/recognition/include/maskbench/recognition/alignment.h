#pragma once

#include <functional>
#include <string>
#include <vector>

#include <opencv2/core.hpp>

#include "maskbench/perception/face_observation.h"

namespace maskbench {

/// Rotation, uniform scale and shift that carry `from` onto `to` with the least squared error
/// (Umeyama 1991, without reflection). Both have the same number of points, at least two.
/// @return 2×3, to = M · (from, 1).
cv::Matx23d FitSimilarity(const std::vector<cv::Point2d>& from, const std::vector<cv::Point2d>& to);

/// Where a face lies in the picture that a recogniser looks at: the map from pixels of a square
/// chip to those of the frame, 2×3. @param face  has_face() is true.
using Alignment = std::function<cv::Matx23d(const FaceObservation& face, int side_px)>;

/// Eyes, tip of the nose and corners of the mouth where ArcFace models have them (insightface,
/// face_align.py).
cv::Matx23d AlignArcFace(const FaceObservation& face, int side_px);
/// Corners of the eyes and base of the nose where dlib's recogniser has them, with a border of a
/// quarter.
cv::Matx23d AlignDlib(const FaceObservation& face, int side_px);
/// The face mesh's box with a fifth more, turned until the eyes are level.
cv::Matx23d AlignMeshBox(const FaceObservation& face, int side_px);

/// "arcface", "dlib" and "mesh_box".
std::vector<std::string> AlignmentNames();
/// The alignment of that name; throws Error when there is none.
Alignment FindAlignment(const std::string& name);

}  // namespace maskbench
