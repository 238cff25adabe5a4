#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include "maskbench/core/rng.h"
#include "maskbench/head/head_model.h"

namespace maskbench {

class HeadFile;

/// What a face of the mesh belongs to.
enum class FacePatch : std::uint8_t {
  kSkin = 0,
  kLidMargin = 1,  ///< The strip between the outer (lashes) and the inner lid ring (globe).
  kMouth = 2,      ///< Inside of the mouth, from behind the lips.
  kUpperTeeth = 3,
  kLowerTeeth = 4,
  kTongue = 5,
};

/// Displacement of some vertices at full weight.
struct SparseDelta {
  std::vector<int> vertices;
  Eigen::Matrix3Xf millimetres;  ///< One column per entry of `vertices`.
};

/// Who a head belongs to.
struct HeadRecipe {
  double male = 0.5;                                               ///< 0 … 1.
  double african = 1.0 / 3, asian = 1.0 / 3, caucasian = 1.0 / 3;  ///< Sum 1.
  double age = 0;                                                  ///< 0 young … 1 old.
  double weight = 0, muscle = 0;                                   ///< −1 … 1, 0 average.
  std::vector<std::pair<int, double>> details;  ///< Index into DetailNames() and weight 0 … 1.
};

/// Two opposite details that one signed number drives, on both sides of the head at once; single
/// details have no negative side.
struct DetailAxis {
  std::string name;                     ///< E.g. "eyes/eye-size-small|big".
  std::vector<int> negative, positive;  ///< Details: none, one, or left and right.
  bool asymmetric = false;              ///< Makes the sides of the head differ.
  /// How far weight −1 and weight 1 move the vertex of the face that moves most.
  std::array<double, 2> reach_mm{};
};

/// Spread of random heads: standard deviations of the axes' weights. Larger ones give caricatures.
struct DetailSpread {
  double sigma = 0.21;
  double head_factor = 0.7;         ///< On the axes of "head/".
  double asymmetry = 0.14;          ///< Of asymmetric axes.
  double eye_height_factor = 0.35;  ///< On the axes that open the lids.
};

/// Named expression deltas.
struct ExpressionUnits {
  std::vector<std::string> names;
  std::vector<SparseDelta> deltas;  ///< By name, in the same order.
};

/// Head with shoulders that is made from named morph targets, for generators. Immutable.
class ParametricHead {
 public:
  /// Reads what `maskbench models import` made. Throws DataError that names the file.
  static std::shared_ptr<const ParametricHead> Load(const std::filesystem::path& file);
  static std::shared_ptr<const ParametricHead> FromFile(const HeadFile& file);

  const HeadTopology& Topology() const { return topology_; }
  const std::vector<std::array<int, 4>>& Faces() const { return topology_.faces; }
  /// By face: what it belongs to, more finely than Topology().face_parts.
  const std::vector<FacePatch>& FacePatches() const { return face_patches_; }
  /// By face: an index into Uvs() per corner.
  const std::vector<std::array<int, 4>>& FaceUvs() const { return face_uvs_; }
  /// Texture coordinates of the package: u right, v *up*, so row = (1 − v) · height.
  const std::vector<Eigen::Vector2f>& Uvs() const { return uvs_; }
  /// Texture coordinates of each vertex; on a seam those of the side with more faces of the skin.
  const std::vector<Eigen::Vector2f>& VertexUvs() const { return vertex_uvs_; }
  /// Vertex of the package's base mesh, or −1 for vertices that were made here. Some vertices have
  /// no face: those that hair hangs on, and the two that the globes' centres follow.
  const std::vector<int>& BaseVertexIds() const { return base_vertex_ids_; }
  /// Vertex of this mesh for one of the base mesh, or −1.
  int VertexOfBase(int base_vertex) const;

  /// Names like "nose/nose-hump-morehump", in the package's order.
  const std::vector<std::string>& DetailNames() const { return detail_names_; }
  /// Index of a detail. Throws UsageError for an unknown name.
  int Detail(const std::string& name) const;
  const std::vector<DetailAxis>& DetailAxes() const { return axes_; }
  /// Displacement by one detail at full weight; the origin stays with the package's.
  SparseDelta DetailDelta(int detail) const;
  /// Adds an axis to a recipe with weight −1 … 1.
  static void AddDetail(const DetailAxis& axis, double weight, HeadRecipe* recipe);
  /// Adds random weights of all axes to a recipe.
  void SampleDetails(const DetailSpread& spread, NamedRandom* random, HeadRecipe* recipe) const;

  /// Vertices in millimetres in the frame of HeadModel.
  Eigen::Matrix3Xd Shape(const HeadRecipe& recipe) const;
  /// Expression deltas for the ancestry of `recipe`.
  ExpressionUnits Expressions(const HeadRecipe& recipe) const;
  /// Lowest and highest sensible weight of each expression unit.
  const std::vector<std::pair<double, double>>& ExpressionRange() const {
    return expression_range_;
  }

  /// The weights that a recipe gives all identity targets (macro targets, then details): shapes are
  /// linear in them. For PCA.
  Eigen::VectorXd TargetWeights(const HeadRecipe& recipe) const;
  int IdentityTargetCount() const { return static_cast<int>(identity_targets_.size()); }
  /// Displacement by one identity target with the origin held between the globe centres.
  Eigen::Matrix3Xd IdentityDelta(int target) const;
  /// Shape without any target.
  Eigen::Matrix3Xd Base() const;

 private:
  // A part of the arrays of all targets.
  struct Target {
    int first = 0, last = 0;
  };

  ParametricHead() = default;
  void NameTargets(const std::vector<std::string>& names, const std::vector<int>& starts,
                   const std::string& origin);
  void MakeAxes();
  void MeasureAxes();
  void Add(const Target& target, double weight, Eigen::Matrix3Xd* shape) const;
  void MoveOrigin(Eigen::Matrix3Xd* shape) const;

  HeadTopology topology_;
  std::vector<std::array<int, 4>> face_uvs_;
  std::vector<FacePatch> face_patches_;
  std::vector<Eigen::Vector2f> uvs_, vertex_uvs_;
  std::vector<int> base_vertex_ids_, vertex_of_base_;
  Eigen::Matrix3Xf base_;
  // All targets behind each other.
  std::vector<std::uint16_t> delta_vertices_;
  std::vector<std::int16_t> delta_counts_;
  double mm_per_count_ = 0;

  std::vector<Target> identity_targets_;  // Race × sex × age, sex × age × muscle × weight, details.
  std::array<int, 12> race_targets_{};   // [race][sex][age] → index of identity target.
  std::array<int, 36> build_targets_{};  // [sex][age][muscle][weight].
  int first_detail_ = 0;
  std::vector<std::string> detail_names_;
  std::vector<DetailAxis> axes_;
  std::array<std::vector<Target>, 3> expressions_;  // By race.
  std::vector<std::string> expression_names_;
  std::vector<std::pair<double, double>> expression_range_;
};

inline constexpr int kDefaultIdentityDims = 60;

/// The parametric head as a head model, "parametric/1" ("parametric/1:40" with 40 dimensions): the
/// first `identity_dims` principal components of random heads and the expression units averaged
/// over ancestries. Vertices are those of ParametricHead. Throws DataError that names the file.
std::unique_ptr<HeadModel> LoadParametricHeadModel(const std::filesystem::path& file,
                                                   int identity_dims = kDefaultIdentityDims);

}  // namespace maskbench
