#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include <Eigen/Core>
#include <opencv2/core.hpp>

#include "maskbench/render/head_painter.h"
#include "maskbench/render/renderer.h"

#include "painter_raster.h"
#include "painter_surface.h"
#include "shading.h"

namespace maskbench {
namespace painter {
inline constexpr float kNearPlaneMm = 10.0f;
}  // namespace painter

/// What belongs to the head and its place is in head_painter.cc, light and pixels of its surfaces
/// in head_painter_fill.cc, what the Renderer draws round the eyes in head_painter_eyes.cc.
class HeadPainter::Impl {
 public:
  Impl(const Actor& actor, const Lighting& lighting, const Eigen::Vector3f& background,
       const ToneCurve& tone);
  cv::Rect Place(const Camera& camera, const ActorPose& pose, const Actor::Posed& posed,
                 std::vector<Mesh> more);
  void Paint(const cv::Rect& area, cv::Mat* bgr);

 private:
  /// A part of an eye's surroundings for the Renderer, with vertices of its own.
  struct Part {
    std::shared_ptr<MeshTopology> topology = std::make_shared<MeshTopology>();
    std::vector<int> vertices;  ///< Of the skin.
  };
  /// What the Renderer draws: one eye, or both where they are close.
  struct EyeArea {
    cv::Rect rect;
    painter::Box inner{}, near{};
    std::array<bool, 2> sides{};
    std::vector<int> skin_triangles;
    Part skin;
    Scene scene;
    RenderedFrame frame;
  };
  /// A triangle to fill; bit k: edge k is lit at its middle as well.
  struct Listed {
    int triangle;
    int bent;
  };
  using Vectors = std::vector<Eigen::Vector3f>;

  void PlaceSkin(const ActorPose& pose, const Actor::Posed& posed);
  void Project(painter::Surface* surface);
  void FindEyes(const cv::Rect& area);
  void Sort(const cv::Rect& area, painter::Surface* surface);
  void Light(painter::Surface* surface, std::vector<int>* points, bool separate);
  void Fill(const cv::Rect& area, painter::Surface* surface);
  template <bool kBent>
  void FillPlain(const cv::Rect& area, const painter::Surface& surface, const Listed& listed);
  void FillTextured(const cv::Rect& area, const painter::Surface& surface, const Listed& listed);
  void Smooth(const cv::Rect& area, const painter::Surface& surface);
  void SmoothEdge(const cv::Rect& area, const painter::Vertex& a, const painter::Vertex& b,
                  const painter::Vertex& inside);
  void RenderEye(EyeArea* eye);
  void CollectSkin(EyeArea* eye);
  void FillMesh(const Part& part, Mesh* mesh) const;
  Part MakePart(const MeshTopology& whole, const Vectors& rest, Side side) const;
  bool Near(const Part& part, const painter::Box& box) const;
  void Blend(const EyeArea& eye);

  const Actor& actor_;
  const ToneCurve& tone_;
  Lighting lighting_;
  shading::LightSet lights_;
  Eigen::Vector3f background_;
  std::int32_t background_bgr_ = 0;

  // What does not change.
  size_t drawn_ = 0, all_ = 0;  ///< Vertices of the surface; with those between.
  Vectors rest_normals_;        ///< Head frame.
  std::vector<std::uint8_t> moves_;
  std::vector<int> moving_;  ///< Vertices near the lids.
  std::vector<std::array<int, 3>> moving_triangles_;
  std::vector<float> wetness_;
  size_t lid_triangles_ = 0;                      ///< The first of skin_ are the lids'.
  std::array<Part, 2> margin_parts_, lid_parts_;  ///< By Side.
  std::vector<int> cloth_vertices_;
  Vectors mouth_rest_, teeth_rest_;  ///< Normals, head frame.

  // Of the frame.
  Camera camera_;
  const ActorPose* pose_ = nullptr;
  const Actor::Posed* posed_ = nullptr;
  std::vector<Mesh> more_;
  bool rigid_ = true;
  Vectors positions_, normals_, cloth_positions_, mouth_normals_, teeth_normals_;
  std::vector<float> occlusion_, mouth_occlusion_;
  painter::Surface skin_, clothes_, mouth_, teeth_;
  std::vector<painter::Surface> others_;
  std::map<std::shared_ptr<const MeshTopology>, painter::Surface> connected_;
  std::vector<EyeArea> eyes_;
  size_t eye_count_ = 0;
  Scene lashes_;
  std::vector<int> wanted_, separate_;
  std::vector<Listed> plain_, textured_;
  std::vector<int> stamp_, compact_;
  int stamp_now_ = 0;
  Renderer renderer_;

  cv::Mat canvas_, depth_;  ///< CV_32S: B, G, R, 0; CV_32F: inverse depth. Of the picture.
};

}  // namespace maskbench
