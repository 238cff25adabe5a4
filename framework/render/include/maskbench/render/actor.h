#pragma once

#include <array>
#include <memory>
#include <optional>
#include <vector>

#include <Eigen/Core>

#include "maskbench/head/eye_measures.h"
#include "maskbench/head/head_surface.h"
#include "maskbench/head/lid_rig.h"
#include "maskbench/render/eye_truth.h"
#include "maskbench/render/globe_shader.h"
#include "maskbench/render/hair.h"
#include "maskbench/render/scene.h"

namespace maskbench {

/// What drawing a head model needs and no subject changes: refined mesh, lid rig, texture
/// coordinates, the split into skin, mouth, teeth and clothes. One per model, shared by all.
class HeadRig {
 public:
  /// @param topology  with every face that shall be drawn and its part.
  /// @param mean      3 × vertex_count.
  HeadRig(HeadTopology topology, const Eigen::Matrix3Xd& mean);

  const HeadTopology& topology() const { return topology_; }
  const HeadSurface& surface() const { return lids_.surface(); }
  const LidRig& lids() const { return lids_; }
  /// Drawn vertices of the mean head (HeadSurface::Positions).
  const Eigen::Matrix3Xd& mean_positions() const { return mean_; }

  /// Vertices that lie between two drawn vertices: cuts along the neckline, copies at the texture's
  /// seam. They follow the drawn ones in the arrays of meshes.
  struct Between {
    int from, to;
    float share;
  };
  const std::vector<Between>& between() const { return between_; }
  const std::shared_ptr<const MeshTopology>& skin() const { return skin_; }
  /// Skin that moves with the lids; the rest is in skin().
  const std::shared_ptr<const MeshTopology>& lid_skin() const { return lid_skin_; }
  /// The wet strips between lashes and globe.
  const std::shared_ptr<const MeshTopology>& lid_margin() const { return lid_margin_; }
  const std::shared_ptr<const MeshTopology>& mouth() const { return mouth_; }  ///< May be empty.
  const std::shared_ptr<const MeshTopology>& teeth() const { return teeth_; }
  const std::shared_ptr<const MeshTopology>& clothes() const { return clothes_; }
  /// How far cloth lies above the skin, per mesh vertex, mm.
  const std::vector<float>& cloth_lift_mm() const { return cloth_lift_mm_; }

 private:
  HeadTopology topology_;
  LidRig lids_;
  Eigen::Matrix3Xd mean_;
  std::vector<Between> between_;
  std::shared_ptr<const MeshTopology> skin_, lid_skin_, lid_margin_, mouth_, teeth_, clothes_;
  std::vector<float> cloth_lift_mm_;
};

struct LashRecipe {
  double length = 1;   ///< 1: upper about 9 mm, lower about 5 mm in the middle.
  double density = 1;  ///< 1: about 75 upper and 40 lower lashes.
  /// Share of their length on an open lid. The rest grows while the last millimetre closes: 0
  /// leaves the margins of open eyes bare and shows shut ones as people's.
  double open_share = 1;
  Eigen::Vector3f albedo{0.012f, 0.010f, 0.009f};
  uint64_t seed = 1;
};

/// How a subject looks besides shape.
struct Appearance {
  std::shared_ptr<const Material> skin;
  std::array<EyeShape, 2> eyes;
  std::array<LidShape, 2> lids;
  std::array<std::shared_ptr<const EyeTextures>, 2> eye_textures;
  std::optional<LashRecipe> lashes = LashRecipe();
  std::shared_ptr<const Hair> hair;  ///< Bound to the rig's head model; null: none.
  Eigen::Vector3f clothes{0.13f, 0.24f, 0.33f};
};

/// State of one frame.
struct ActorPose {
  Pose head;
  Eigen::VectorXd expression;  ///< Activations; may be shorter than the units.
  std::array<EyePose, 2> eyes;
  std::array<LidPose, 2> lids;
};

/// A subject on the stage: a shape with its expressions and looks, ready to be posed. Immutable and
/// safe to use from several threads.
class Actor {
 public:
  /// @param neutral     model vertices of the identity without expression, 3 × vertex_count.
  /// @param expression  3·vertex_count × units: displacement (x0 y0 z0 x1 …) per unit activation.
  Actor(std::shared_ptr<const HeadRig> rig, const Eigen::Matrix3Xd& neutral,
        const Eigen::MatrixXf& expression, Appearance appearance);

  struct Posed {
    Eigen::Matrix3Xd positions;       ///< Drawn vertices in the head frame, lids posed.
    Eigen::Matrix3Xd model_vertices;  ///< Of the head model, lids at rest; hair is bound to them.
    std::array<EyeState, 2> eyes;
    std::vector<LidRig::Shade> shade;  ///< Per drawn vertex.
  };
  Posed Pose(const ActorPose& pose) const;
  /// Vertices of the head model, lids at rest.
  Eigen::Matrix3Xd ModelVertices(const Eigen::VectorXd& expression) const;
  /// Adds meshes, lashes and eyes to a scene whose camera and lighting are set.
  void AddTo(const ActorPose& pose, const Posed& posed, Scene* scene) const;
  /// The last part of AddTo: eyes and, if there are any, a strand mesh of lashes for each side.
  void AddEyesTo(const ActorPose& pose, const Posed& posed, Scene* scene) const;
  /// @param frame  with labels and depth, or null.
  std::array<EyeFrameTruth, 2> Truth(const ActorPose& pose, const Posed& posed, const Scene& scene,
                                     const RenderedFrame* frame) const;

  /// Turns an eye so that its visual axis meets a point of the camera frame (mm).
  void Fixate(Side side, const Eigen::Vector3d& target_camera_mm, ActorPose* pose) const;
  /// Lid pose for wanted MRD1 and MRD2 with everything else as in `pose`; see SolveLids.
  LidPose Lids(Side side, const ActorPose& pose, double mrd1_mm, double mrd2_mm,
               const Eigen::Vector3d& light_camera_mm) const;
  /// Lid pose of this identity's resting lids.
  LidPose RestingLids(Side side) const;
  double ClosedHeightMm(Side side) const;

  const HeadRig& rig() const { return *rig_; }
  const Appearance& appearance() const { return appearance_; }
  /// Drawn vertices without expression, lids at rest; head frame.
  const Eigen::Matrix3Xd& rest_positions() const { return rest_; }
  /// Share of the sky that is seen from each drawn vertex at rest.
  const std::vector<float>& ambient_visibility() const { return occlusion_; }
  const std::shared_ptr<const Material>& margin_material() const { return margin_material_; }
  const std::shared_ptr<const Material>& mouth_material() const { return mouth_material_; }
  const std::shared_ptr<const Material>& teeth_material() const { return teeth_material_; }
  const std::shared_ptr<const Material>& cloth_material() const { return cloth_material_; }

 private:
  struct Lash {
    int lid;      // 0 upper, 1 lower.
    float along;  // 0 medial … 1 lateral on the outer margin.
    float length_mm, tilt, lean, width_mm;
  };
  StrandMesh Lashes(Side side, const ActorPose& pose, const Posed& posed,
                    const Camera& camera) const;

  std::shared_ptr<const HeadRig> rig_;
  Eigen::Matrix3Xd neutral_;
  Eigen::MatrixXf expression_;
  Appearance appearance_;
  std::array<Eigen::Vector3d, 2> rest_centre_;
  Eigen::Matrix3Xd rest_;  // Drawn vertices of the neutral face.
  std::vector<float> occlusion_;
  std::array<std::vector<Lash>, 2> lashes_;
  std::shared_ptr<const Material> margin_material_, mouth_material_, teeth_material_,
      cloth_material_;
};

/// Ambient visibility 0 … 1 of each vertex of a triangle mesh: the share of the sky over the vertex
/// that no triangle hides, weighted by the cosine, from depth maps in `directions` directions.
std::vector<float> AmbientVisibility(const std::vector<Eigen::Vector3f>& positions,
                                     const std::vector<std::array<int, 3>>& triangles,
                                     int directions = 48);

/// Unit normals, weighted by area.
std::vector<Eigen::Vector3f> VertexNormals(const std::vector<Eigen::Vector3f>& positions,
                                           const std::vector<std::array<int, 3>>& triangles);

}  // namespace maskbench
