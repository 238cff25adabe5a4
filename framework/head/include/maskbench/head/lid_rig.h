#pragma once

#include <array>
#include <vector>

#include <Eigen/Core>

#include "maskbench/head/eye_model.h"
#include "maskbench/head/head_surface.h"

namespace maskbench {

/// Where the globe is and where it looks.
struct EyePose {
  /// Pupillary axis in the head frame: azimuth to the patient's left, elevation up.
  double azimuth_deg = 0, elevation_deg = 0, torsion_deg = 0;
  double protrusion_mm = 0;  ///< Forward shift of the globe from its rest position.
};

/// Where the lids are. Heights are of the visible margin above (upper) and below (lower) the
/// globe's centre at the column of the globe's centre, along the head's vertical.
struct LidPose {
  double upper_mm = 4.2;
  double lower_mm = 5.2;
  /// Extra height of the temporal third of the upper margin (lateral flare of thyroid eye disease).
  double lateral_flare_mm = 0;
};

/// Shape of the lids' skin, constant over a recording.
struct LidShape {
  double crease_distance_mm = 8.0;  ///< Skin from the upper margin to the crease.
  double crease_depth_mm = 0.7;
  double fold_fullness_mm = 0.5;  ///< Skin hanging above the crease.
  double swelling_upper_mm = 0;   ///< Oedema of the upper lid.
  double swelling_lower_mm = 0;   ///< Bags.
};

/// How far the margins turn with the globe in vertical gaze, degrees per degree. The upper lid goes
/// with the eye nearly one to one (Guitton, Simard & Codère, IOVS 1991); the lower about half.
/// Lid lag of thyroid eye disease is a smaller `upper_down`.
struct LidFollow {
  double upper_up = 0.8, upper_down = 0.9;
  double lower_up = 0.35, lower_down = 0.55;
};

/// Lids of primary gaze carried along to another elevation.
LidPose FollowGaze(const LidPose& primary, double elevation_deg, const LidFollow& follow = {});

/// Lids part of the way from `open` to shut (closure 0 … 1) at the height of the closure line.
LidPose CloseLids(const LidPose& open, double closure, double closed_height_mm);

/// One eye as the lid rig left it, head frame, mm.
struct EyeState {
  Eigen::Vector3d globe_centre_mm{0, 0, 0};
  Eigen::Matrix3d rotation = Eigen::Matrix3d::Identity();  ///< Eye frame → head frame.
  Eigen::Vector3d rest_centre_mm{0, 0, 0};                 ///< Without protrusion.
  /// Directions from straight ahead in which lids and conjunctiva leave the globe for the canthi.
  double nasal_tangent_rad = 0.6, temporal_tangent_rad = 0.8;
};

/// Moves the lids of a drawn head over a globe.
///
/// Lid skin turns about the horizontal axis through the globe's centre, as levator and orbicularis
/// draw it: in cylinder coordinates (x; angle φ about x; distance ρ from the axis) a vertex keeps x
/// and changes φ by its share of the margin's turn and ρ by its share of what lays the margin on
/// the globe. Shares are biharmonic functions on the mesh, 1 on the margin and 0 at the brow and
/// cheek. The contact surface is the globe, continued to the canthi by its tangents (in x and ρ),
/// since a fissure is wider than a globe. Last, skin that would lie inside the globe or the cornea
/// is lifted out radially, so lids ride over the corneal bulge.
class LidRig {
 public:
  /// @param mean_vertices  model vertices of the mean shape; the rig's shares are computed on it.
  LidRig(const HeadSurface& surface, const HeadTopology& topology,
         const Eigen::Matrix3Xd& mean_vertices);

  /// Change of a vertex's ambient visibility: visibility → factor · mix(visibility, 1, lift).
  struct Shade {
    float factor = 1;  ///< Shadow of the crease.
    float lift = 0;    ///< Skin that a closing lid draws out of its fold.
  };

  /// Distance of skin from the globe, mm.
  static constexpr double kInnerClearanceMm = 0.12;
  static constexpr double kUpperThicknessMm = 1.1;
  static constexpr double kLowerThicknessMm = 0.9;

  /// Poses both lids of one eye. `rest` are the drawn vertices (HeadSurface::Positions) of identity
  /// and expression, `moved` the same array with other eyes possibly already posed; only vertices
  /// of this eye's region change. `shade`, when given, has one entry per drawn vertex and receives
  /// how the crease darkens the skin.
  EyeState Pose(Side side, const EyeShape& shape, const EyePose& eye, const LidPose& lids,
                const LidShape& skin, const Eigen::Vector3d& rest_centre_mm,
                const Eigen::Matrix3Xd& rest, Eigen::Matrix3Xd* moved,
                std::vector<Shade>* shade = nullptr) const;

  /// As Pose, but only the margins (HeadSurface::margins) are written. Fast, for solvers.
  EyeState PoseMargins(Side side, const EyeShape& shape, const EyePose& eye, const LidPose& lids,
                       const Eigen::Vector3d& rest_centre_mm, const Eigen::Matrix3Xd& rest,
                       Eigen::Matrix3Xd* moved) const;

  /// Height of the line along which the lids meet when closed, at the globe's column, mm above the
  /// globe's centre (usually negative).
  double ClosedHeightMm(Side side, const Eigen::Vector3d& rest_centre_mm,
                        const Eigen::Matrix3Xd& rest) const;
  /// Heights of the resting lids of this identity as a LidPose.
  LidPose RestPose(Side side, const Eigen::Vector3d& rest_centre_mm,
                   const Eigen::Matrix3Xd& rest) const;

  const HeadSurface& surface() const { return surface_; }
  /// Vertices that may move with the eye of a side.
  const std::vector<int>& Region(Side side) const { return sides_[static_cast<int>(side)].region; }

 private:
  struct Share {
    float motion = 0;       ///< 1 on the margins, 0 far away.
    float upper = 0;        ///< 1 upper lid, 0 lower lid.
    float ring = 99;        ///< HeadSurface::ring.
    float distance_mm = 0;  ///< From the outer margin, on the mean shape.
  };
  struct OneSide {
    std::vector<int> region;
    std::vector<Share> shares;        ///< Parallel to region.
    std::vector<int> margin_entries;  ///< Entries of region with ring ≤ 1.
  };
  struct Curves;
  Curves RestCurves(Side side, const Eigen::Vector3d& centre, const Eigen::Matrix3Xd& rest) const;
  EyeState Run(Side side, const EyeShape& shape, const EyePose& eye, const LidPose& lids,
               const LidShape& skin, const Eigen::Vector3d& rest_centre,
               const Eigen::Matrix3Xd& rest, bool margins_only, Eigen::Matrix3Xd* moved,
               std::vector<Shade>* shade) const;

  HeadSurface surface_;
  std::array<OneSide, 2> sides_;
};

/// Distance from the horizontal axis through the globe's centre to the surface the lids lie on, at
/// `temporal_mm` from the centre (temporal positive, nasal negative): the globe, and beyond the
/// tangent points its tangents.
double LidContactRadiusMm(double globe_radius_mm, double temporal_mm, double nasal_tangent_rad,
                          double temporal_tangent_rad);

}  // namespace maskbench
