#pragma once

#include <array>
#include <optional>
#include <vector>

#include <Eigen/Core>
#include <opencv2/core.hpp>

#include "maskbench/head/head_model.h"

namespace maskbench {

class ParametricHead;

/// Outlines of the mean head in chart millimetres: s = azimuth (rad) · 100 mm, y = height; the left
/// side of the patient, the right one is its mirror image.
struct SkinOutlines {
  using Line = std::vector<Eigen::Vector2f>;
  Line brow;                  ///< Middle of the brow, medial to lateral.
  float brow_half_mm = 4.0f;  ///< Half the height of the brow's region.
  Line lid_upper, lid_lower;  ///< Margins of the open eye, medial to lateral corner, both included.
  Line lip_upper, lip_lower;  ///< Border of the red, midline to corner.
  Line mouth;                 ///< Where the closed lips meet, midline to corner.
  Line nose;                  ///< Nasion, tip, wing, base.
  Line chin;                  ///< Its lowest point.
  Line hairline;  ///< Midline of the forehead round temple, sideburn and ear to the nape.
  Line beard;     ///< Closed; the region of a full beard, lips included.
};

/// The mean head's skin as a triangle mesh; millimetres in the frame of HeadModel.
struct SkinSurface {
  Eigen::Matrix3Xd vertices_mm;
  std::vector<std::array<int, 3>> triangles;
  /// Texture coordinates of the package's skins by triangle corner, u right, v *down*; may be
  /// empty.
  std::vector<std::array<Eigen::Vector2f, 3>> atlas_uv;
  /// The 468 points of the face mesh, where known.
  std::vector<std::optional<Eigen::Vector3d>> mesh468;
  /// Lines that are known better than from the face mesh; the others are empty.
  SkinOutlines outlines;
};

/// Skin of the parametric head's mean: the default HeadRecipe.
SkinSurface SkinSurfaceOf(const ParametricHead& head);
/// Skin of any head model at zero coefficients, without atlas.
SkinSurface SkinSurfaceOf(const HeadModel& model);

/// What baking needs to know of the head, made once per mean head: maps over the chart of
/// SkinGeometry::kSize² texels.
class SkinGeometry {
 public:
  static constexpr int kSize = 512;

  explicit SkinGeometry(const SkinSurface& surface);

  /// CV_32FC3: x, y, z of the mean head in mm; extended smoothly into texels without skin.
  const cv::Mat& position_mm() const { return position_; }
  /// CV_8U: 255 where the chart shows skin.
  const cv::Mat& covered() const { return covered_; }
  /// CV_32FC2: length on the skin per unit of u and of v, mm.
  const cv::Mat& scale_mm() const { return scale_; }
  /// CV_32FC2: texture coordinates in the package's skins (v down); empty without atlas.
  const cv::Mat& atlas_uv() const { return atlas_; }
  const SkinOutlines& outlines() const { return outlines_; }

  /// Maps of CV_32F.
  struct Zones {
    cv::Mat lip;        ///< Distance in mm inside the border of the red; negative outside.
    cv::Mat upper_lip;  ///< 1 above the line where the lips meet, else 0.
    cv::Mat opening;    ///< Distance in mm inside the eye's opening; negative outside, to −40.
    cv::Mat upper_lid;  ///< 1 above the line between the corners of the eye, 0 below, soft.
    cv::Mat brow;       ///< 0…1 in the region of the brow.
    cv::Mat nose, cheek, forehead, chin, ear, neck;  ///< 0…1, soft.
    cv::Mat scalp;      ///< Distance in mm above the hairline; negative on face and neck.
    cv::Mat beard;      ///< 0…1: density of a full beard, without the moustache.
    cv::Mat moustache;  ///< 0…1.
    cv::Mat crown;      ///< 0…1: where hair is lost first on top of the head.
  };
  const Zones& zones() const { return zones_; }

 private:
  void Rasterise(const SkinSurface& surface);
  void FindOutlines(const SkinSurface& surface);
  void MakeZones();

  cv::Mat position_, covered_, scale_, atlas_;
  SkinOutlines outlines_;
  Zones zones_;
};

/// Chart millimetres of a point of the mean head.
Eigen::Vector2f ChartMm(const Eigen::Vector3d& mean_mm);
/// u, v of a point in chart millimetres.
Eigen::Vector2f ChartUvOfMm(const Eigen::Vector2f& chart_mm);

}  // namespace maskbench
