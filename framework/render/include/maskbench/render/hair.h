#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <Eigen/Core>
#include <opencv2/core.hpp>

#include "maskbench/core/option_table.h"
#include "maskbench/head/head_model.h"
#include "maskbench/render/camera.h"
#include "maskbench/render/hair_colour.h"
#include "maskbench/render/scene.h"

namespace maskbench {

/// A hair style: ribbons of hair on the parametric head. Immutable once made.
struct HairStyle {
  /// How many vertices of the head carry a vertex of the hair.
  static constexpr int kBindings = 6;

  std::string name;
  int head_vertex_count = 0;               ///< Of the head that it was made for.
  std::vector<Eigen::Vector3f> positions;  ///< On the mean head, mm, frame of HeadModel.
  std::vector<Eigen::Vector2f> uv;         ///< u right, v down.
  std::vector<Eigen::Vector3f> normals;    ///< Unit, away from the head.
  std::vector<Eigen::Vector3f> tangents;   ///< Unit, from root to tip.
  std::vector<float> occlusion;            ///< Ambient visibility 0…1; little near the skin.
  std::vector<std::array<int, 3>> triangles;
  /// Position = rest + Σ weight · (head vertex − the same of the mean head). Weights sum to 1.
  std::vector<std::array<std::uint16_t, kBindings>> bound_to;
  std::vector<std::array<float, kBindings>> weights;
  std::vector<Eigen::Vector3f> bound_mean;  ///< Σ weight · mean head vertex, by hair vertex.
  /// CV_8UC3: brightness of the package's picture relative to its mean (100 is the mean), opacity,
  /// and a pattern of single hairs that is uniform in 0…255.
  cv::Mat picture;

  /// Reads a file that `maskbench models import` made. Throws DataError that names the file.
  static std::shared_ptr<const HairStyle> Load(const std::filesystem::path& file);
  /// `origin` names the bytes in messages.
  static std::shared_ptr<const HairStyle> Parse(const std::string& bytes,
                                                const std::string& origin);
  std::string Serialise() const;
};

/// Names of the hair styles in the folder of models, sorted.
std::vector<std::string> HairStyles(const std::filesystem::path& models_dir);
/// Where a style is below the folder of models.
std::filesystem::path HairFile(const std::filesystem::path& models_dir, const std::string& style);

/// A person's hair.
struct HairRecipe {
  HairColour colour;
  double variation = 1.0;   ///< 0…2, differences between strands.
  double gloss = 1.0;       ///< 0…3.
  double thinning = 0.0;    ///< 0…1, how much is seen through the hair.
  double cut_mm = -1000.0;  ///< −1000…60; hair is cut below this height in the head frame.
  bool mirrored = false;    ///< Parting on the other side.

  static const OptionTable<HairRecipe>& Options();
};

/// Hair of a person: style and colour put together once, posed for every frame. Safe to share
/// between threads.
class Hair {
 public:
  /// @param mirror  HeadTopology::mirror, needed for mirrored hair.
  Hair(std::shared_ptr<const HairStyle> style, const HairRecipe& recipe,
       const std::vector<int>& mirror = {});

  /// @param head_vertices_mm  3 × head_vertex_count in the head frame, with expression.
  StrandMesh Mesh(const Eigen::Matrix3Xd& head_vertices_mm, const Pose& head) const;

 private:
  std::shared_ptr<const HairStyle> style_;
  std::vector<std::array<std::uint16_t, HairStyle::kBindings>> bound_to_;
  bool mirrored_;
  float gloss_;
  std::shared_ptr<const MeshTopology> topology_;
  std::shared_ptr<const Texture> texture_;
  std::vector<float> alpha_;
};

/// One frame of hair in the head frame.
StrandMesh HairMesh(const std::shared_ptr<const HairStyle>& style,
                    const Eigen::Matrix3Xd& head_vertices_mm, const HairRecipe& recipe);

}  // namespace maskbench
