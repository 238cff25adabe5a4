#include "maskbench/recognition/alignment.h"

#include <array>
#include <map>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/perception/crop.h"
#include "maskbench/perception/face_tracker.h"

namespace maskbench {
namespace {

/// Mean positions of the five points in dlib's chip of size 1, before its border of a quarter
/// (dlib, image_transforms/interpolation.h): the outer and inner corner of the left eye, of the
/// right eye, and the base of the nose.
constexpr std::array<std::array<double, 2>, 5> kDlibPoints = {{{0.8595674595992, 0.2134981538014},
                                                               {0.6460604764104, 0.2289674387677},
                                                               {0.1205750620789, 0.2137274526848},
                                                               {0.3340850613712, 0.2290642403242},
                                                               {0.4901123135679, 0.6277975316475}}};
constexpr double kDlibBorder = 0.25;

/// Image-left eye, image-right eye, nose tip, image-left and image-right corner of the mouth in the
/// 112 px chip that ArcFace models are trained on (insightface, face_align.py).
constexpr std::array<std::array<double, 2>, 5> kArcFacePoints = {{{38.2946, 51.6963},
                                                                  {73.5318, 51.5014},
                                                                  {56.0252, 71.7366},
                                                                  {41.5493, 92.3655},
                                                                  {70.7299, 92.2041}}};
constexpr double kArcFaceSide = 112;

/// The crop is the face mesh's box with a fifth more.
constexpr float kMeshMargin = 1.2F;

const std::map<std::string, Alignment>& Alignments() {
  static const std::map<std::string, Alignment> alignments = {
      {"arcface", AlignArcFace}, {"dlib", AlignDlib}, {"mesh_box", AlignMeshBox}};
  return alignments;
}

}  // namespace

cv::Matx23d FitSimilarity(const std::vector<cv::Point2d>& from,
                          const std::vector<cv::Point2d>& to) {
  cv::Point2d from_mean, to_mean;
  for (size_t i = 0; i < from.size(); ++i) {
    from_mean += from[i];
    to_mean += to[i];
  }
  const double n = static_cast<double>(from.size());
  from_mean = from_mean * (1 / n);
  to_mean = to_mean * (1 / n);
  // In the plane the best similarity is a complex factor: Σ conj(f)·t / Σ |f|².
  double along = 0, across = 0, spread = 0;
  for (size_t i = 0; i < from.size(); ++i) {
    const cv::Point2d f = from[i] - from_mean, t = to[i] - to_mean;
    along += f.dot(t);
    across += f.cross(t);
    spread += f.dot(f);
  }
  const double a = along / spread, b = across / spread;
  return {a, -b, to_mean.x - a * from_mean.x + b * from_mean.y,
          b, a,  to_mean.y - b * from_mean.x - a * from_mean.y};
}

cv::Matx23d AlignArcFace(const FaceObservation& face, int side_px) {
  const auto middle = [&face](int a, int b) {
    return cv::Point2d(face.point(a) + face.point(b)) * 0.5;
  };
  const std::vector<cv::Point2d> frame = {middle(mesh::kRightEyeOuter, mesh::kRightEyeInner),
                                          middle(mesh::kLeftEyeInner, mesh::kLeftEyeOuter),
                                          cv::Point2d(face.point(mesh::kNoseTip)),
                                          cv::Point2d(face.point(mesh::kRightMouthCorner)),
                                          cv::Point2d(face.point(mesh::kLeftMouthCorner))};
  std::vector<cv::Point2d> chip;
  for (const auto& point : kArcFacePoints) {
    chip.emplace_back(point[0] * side_px / kArcFaceSide, point[1] * side_px / kArcFaceSide);
  }
  return FitSimilarity(chip, frame);
}

cv::Matx23d AlignDlib(const FaceObservation& face, int side_px) {
  constexpr std::array<int, 5> kVertices = {mesh::kLeftEyeOuter, mesh::kLeftEyeInner,
                                            mesh::kRightEyeOuter, mesh::kRightEyeInner,
                                            mesh::kSubnasale};
  std::vector<cv::Point2d> chip, frame;
  for (size_t i = 0; i < kVertices.size(); ++i) {
    chip.emplace_back(side_px * (kDlibBorder + kDlibPoints[i][0]) / (1 + 2 * kDlibBorder),
                      side_px * (kDlibBorder + kDlibPoints[i][1]) / (1 + 2 * kDlibBorder));
    frame.emplace_back(face.point(kVertices[i]));
  }
  return FitSimilarity(chip, frame);
}

cv::Matx23d AlignMeshBox(const FaceObservation& face, int side_px) {
  const CropRegion region = MeshRegion(face, kMeshMargin);
  const cv::Point2f origin = region.ToFrame(0.5F, 0.5F, side_px);
  const cv::Point2f right = region.ToFrame(1.5F, 0.5F, side_px) - origin;
  return {right.x, -right.y, origin.x, right.y, right.x, origin.y};
}

std::vector<std::string> AlignmentNames() {
  std::vector<std::string> names;
  for (const auto& [name, align] : Alignments()) names.push_back(name);
  return names;
}

Alignment FindAlignment(const std::string& name) {
  const auto found = Alignments().find(name);
  if (found == Alignments().end()) throw Error(fmt::format("\"{}\" is no alignment.", name));
  return found->second;
}

}  // namespace maskbench
