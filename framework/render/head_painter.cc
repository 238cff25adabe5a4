#include "maskbench/render/head_painter.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <map>
#include <tuple>
#include <utility>

#include <Eigen/Geometry>

#include "maskbench/render/renderer.h"

#include "raster.h"
#include "shading.h"
#include "simd.h"

namespace maskbench {
namespace {

using simd::F4;

constexpr float kNearPlaneMm = 10.0f;
// Round the lashes and margins: skin that the Renderer draws as well, and how much of it leads over
// to the skin outside.
constexpr double kEyeMarginMm = 0.7;
constexpr int kFeatherPx = 4;
// Triangles that are this near to the Renderer's rectangle are given to it.
constexpr int kCollectPx = 4;
// Edges whose normals turn by less than this are lit at their ends alone: cosine of 8°.
constexpr float kStraight = 0.9903f;
// So are edges that are shorter in the picture, in 1/256 pixel.
constexpr int kShort = 5 * raster::kSubpixels;
// Textures that differ by less than this from what their vertices give are not looked at.
constexpr float kEven = 0.03f;
constexpr float kDarkest = 0.02f;
// Of inverse depths at an outline: what is hidden lies behind, what bulges lies before.
constexpr float kBehind = 0.004f, kBefore = 0.025f;

struct Edge {
  int a = 0, b = 0;  ///< Vertices.
};

struct Vertex {
  std::int32_t x, y;  ///< In 1/256 pixel of the picture.
  float inverse_z;    ///< 0: too near.
};

/// Triangles that share a material and are drawn together. Points are its vertices, then the
/// middles of its edges.
struct Surface {
  std::shared_ptr<const Material> material;
  std::vector<std::array<int, 3>> triangles;
  std::vector<std::array<int, 3>> edges_of;  ///< Edge k joins vertices k and k + 1.
  std::vector<std::uint8_t> two_sided, textured;
  std::vector<std::uint8_t> bent;  ///< Bit k: edge k is lit at its middle as well.
  std::vector<Edge> edges;
  std::vector<std::array<int, 2>> beside;  ///< Triangles of each edge; −1: none.
  std::vector<Eigen::Vector2f> uv;
  std::vector<float> curvature;
  std::vector<simd::Row> albedo;  ///< Of points, with the material's own.
  std::vector<int> used;          ///< Vertices.

  // Of the frame.
  const std::vector<Eigen::Vector3f>* positions = nullptr;
  const std::vector<Eigen::Vector3f>* normals = nullptr;
  const std::vector<float>* occlusion = nullptr;  ///< Null: 1.
  std::vector<Vertex> screen;
  std::vector<std::uint8_t> drawn;  ///< By triangle: faces the camera, or both sides count.
  std::vector<simd::Row> lit;       ///< Of points: B, G, R as bytes before rounding, and a half.
  std::vector<simd::Row> light;     ///< What multiplies the albedo, and the reflection.
  std::vector<std::uint8_t> known;  ///< 1: lit, 2: light.
};

/// @param same  stands for each vertex where neighbours are looked for; empty: itself.
void Connect(const std::vector<int>& same, Surface* surface) {
  std::map<std::pair<int, int>, int> found;
  surface->edges_of.resize(surface->triangles.size());
  for (size_t t = 0; t < surface->triangles.size(); ++t) {
    for (size_t k = 0; k < 3; ++k) {
      const int a = surface->triangles[t][k], b = surface->triangles[t][(k + 1) % 3];
      const int p = same.empty() ? a : same[static_cast<size_t>(a)];
      const int q = same.empty() ? b : same[static_cast<size_t>(b)];
      const auto [entry, is_new] = found.try_emplace({std::min(p, q), std::max(p, q)},
                                                     static_cast<int>(surface->edges.size()));
      int index = entry->second;
      if (is_new) {
        surface->edges.push_back({a, b});
        surface->beside.push_back({static_cast<int>(t), -1});
      } else {
        const Edge edge = surface->edges[static_cast<size_t>(index)];
        std::array<int, 2>& beside = surface->beside[static_cast<size_t>(index)];
        if (beside[1] < 0) beside[1] = static_cast<int>(t);
        if (!(edge.a == a && edge.b == b) && !(edge.a == b && edge.b == a)) {
          // Beyond a texture's seam: an edge of its own for its colours, none for outlines.
          index = static_cast<int>(surface->edges.size());
          surface->edges.push_back({a, b});
          surface->beside.push_back({static_cast<int>(t), static_cast<int>(t)});
        }
      }
      surface->edges_of[t][k] = index;
    }
  }
  std::vector<bool> in_use;
  for (const auto& triangle : surface->triangles) {
    for (const int v : triangle) {
      if (static_cast<size_t>(v) >= in_use.size()) in_use.resize(static_cast<size_t>(v) + 1);
      in_use[static_cast<size_t>(v)] = true;
    }
  }
  for (size_t v = 0; v < in_use.size(); ++v) {
    if (in_use[v]) surface->used.push_back(static_cast<int>(v));
  }
}

/// What of a surface does not change with its pose. @param positions, normals  at rest.
void Study(const std::vector<Eigen::Vector3f>& positions,
           const std::vector<Eigen::Vector3f>& normals, Surface* surface) {
  const Material& material = *surface->material;
  const Texture* texture = material.albedo_texture.get();
  const size_t vertices = positions.size();
  const auto sample = [&](const Eigen::Vector2f& uv) {
    Eigen::Array3f albedo = material.albedo.array();
    if (texture != nullptr) albedo *= texture->Sample(uv.x(), uv.y(), 1).head<3>().array();
    return albedo;
  };
  std::vector<Eigen::Array3f> albedo(vertices + surface->edges.size(), material.albedo.array());
  std::vector<Eigen::Vector2f> turn(vertices, Eigen::Vector2f::Zero());
  for (const auto& triangle : surface->triangles) {
    Eigen::Vector2f sum(0, 0);
    for (size_t k = 0; k < 3; ++k) {
      const size_t a = static_cast<size_t>(triangle[k]);
      const size_t b = static_cast<size_t>(triangle[(k + 1) % 3]);
      const Eigen::Vector3f along = positions[b] - positions[a];
      sum += Eigen::Vector2f((normals[b] - normals[a]).dot(along), along.squaredNorm());
    }
    for (const int v : triangle) turn[static_cast<size_t>(v)] += sum;
  }
  surface->curvature.assign(vertices, 0.0f);
  for (const int v : surface->used) {
    const size_t i = static_cast<size_t>(v);
    if (turn[i].y() > 0) surface->curvature[i] = turn[i].x() / turn[i].y();
    if (texture != nullptr) albedo[i] = sample(surface->uv[i]);
  }
  const auto differ = [](const Eigen::Array3f& a, const Eigen::Array3f& b) {
    return ((a - b).abs() / b.max(kDarkest)).maxCoeff();
  };
  std::vector<bool> bent(surface->edges.size());
  for (size_t e = 0; e < surface->edges.size(); ++e) {
    const Edge& edge = surface->edges[e];
    const size_t a = static_cast<size_t>(edge.a), b = static_cast<size_t>(edge.b);
    Eigen::Array3f& middle = albedo[vertices + e];
    if (texture != nullptr) middle = sample(0.5f * (surface->uv[a] + surface->uv[b]));
    bent[e] = normals[a].dot(normals[b]) < kStraight ||
              differ(middle, 0.5f * (albedo[a] + albedo[b])) > 0.2f * kEven;
  }
  surface->bent.assign(surface->triangles.size(), 0);
  for (size_t t = 0; t < surface->triangles.size(); ++t) {
    for (size_t k = 0; k < 3; ++k)
      if (bent[static_cast<size_t>(surface->edges_of[t][k])])
        surface->bent[t] = static_cast<std::uint8_t>(surface->bent[t] | 1 << k);
  }
  surface->albedo.resize(albedo.size());
  for (size_t p = 0; p < albedo.size(); ++p) {
    surface->albedo[p] = {{albedo[p][0], albedo[p][1], albedo[p][2], 0}};
  }
  surface->textured.assign(surface->triangles.size(), 0);
  for (size_t t = 0; t < surface->triangles.size() && texture != nullptr; ++t) {
    const auto& triangle = surface->triangles[t];
    const auto uv = [&](size_t k) { return surface->uv[static_cast<size_t>(triangle[k])]; };
    const auto at = [&](size_t k) { return albedo[static_cast<size_t>(triangle[k])]; };
    const auto between = [&](size_t k) {
      return albedo[vertices + static_cast<size_t>(surface->edges_of[t][k])];
    };
    // As many places as there are texels, at least.
    const float longest =
        std::max({(uv(0) - uv(1)).norm(), (uv(1) - uv(2)).norm(), (uv(2) - uv(0)).norm()});
    const int steps = std::clamp(
        static_cast<int>(std::ceil(longest * static_cast<float>(texture->width()))), 4, 64);
    for (int i = 0; i <= steps && surface->textured[t] == 0; ++i) {
      for (int j = 0; i + j <= steps; ++j) {
        const float b1 = static_cast<float>(i) / static_cast<float>(steps);
        const float b2 = static_cast<float>(j) / static_cast<float>(steps);
        const float b0 = 1 - b1 - b2;
        const Eigen::Array3f smooth = at(0) * (b0 * (2 * b0 - 1)) + at(1) * (b1 * (2 * b1 - 1)) +
                                      at(2) * (b2 * (2 * b2 - 1)) + between(0) * (4 * b0 * b1) +
                                      between(1) * (4 * b1 * b2) + between(2) * (4 * b2 * b0);
        const Eigen::Vector2f place = b0 * uv(0) + b1 * uv(1) + b2 * uv(2);
        if (differ(smooth, sample(place)) > kEven) {
          surface->textured[t] = 1;
          break;
        }
      }
    }
  }
}

/// Triangles from the top down, in bands, those in front before those behind.
std::vector<std::array<int, 3>> InOrder(std::vector<std::array<int, 3>> triangles,
                                        const std::vector<Eigen::Vector3f>& rest_mm) {
  constexpr float kBandMm = 12;
  const auto key = [&](const std::array<int, 3>& triangle) {
    const Eigen::Vector3f& a = rest_mm[static_cast<size_t>(triangle[0])];
    const Eigen::Vector3f& b = rest_mm[static_cast<size_t>(triangle[1])];
    const Eigen::Vector3f& c = rest_mm[static_cast<size_t>(triangle[2])];
    const Eigen::Vector3f sum = a + b + c;
    return std::tuple((b - a).cross(c - a).z() <= 0, -std::floor(sum.y() / (3 * kBandMm)), sum.x());
  };
  std::stable_sort(triangles.begin(), triangles.end(),
                   [&](const auto& a, const auto& b) { return key(a) < key(b); });
  return triangles;
}

struct Box {
  int left, top, right, bottom;  ///< In 1/256 pixel; inclusive.
};

inline Box BoxOf(const Vertex& a, const Vertex& b, const Vertex& c) {
  return {std::min(std::min(a.x, b.x), c.x), std::min(std::min(a.y, b.y), c.y),
          std::max(std::max(a.x, b.x), c.x), std::max(std::max(a.y, b.y), c.y)};
}

Box Subpixels(const cv::Rect& rect, int grow_px) {
  return {(rect.x - grow_px) * raster::kSubpixels, (rect.y - grow_px) * raster::kSubpixels,
          (rect.x + rect.width - 1 + grow_px) * raster::kSubpixels,
          (rect.y + rect.height - 1 + grow_px) * raster::kSubpixels};
}

bool Touch(const Box& a, const Box& b) {
  return a.left <= b.right && a.right >= b.left && a.top <= b.bottom && a.bottom >= b.top;
}
bool Within(const Box& a, const Box& b) {
  return a.left >= b.left && a.right <= b.right && a.top >= b.top && a.bottom <= b.bottom;
}

/// An edge that runs down: where rows of pixels meet it, in 1/65536 pixel. The same for both
/// triangles that share it.
class Descent {
 public:
  Descent(const Vertex& from, const Vertex& to, int row) {
    step_ = to.y > from.y ? (std::int64_t{to.x} - from.x) * 65536 / (to.y - from.y) : 0;
    x_ = std::int64_t{from.x} * 256 +
         (step_ * (std::int64_t{row} * raster::kSubpixels - from.y) >> 8);
  }
  /// First pixel on or right of the edge.
  int pixel() const { return static_cast<int>((x_ + 65535) >> 16); }
  void Down() { x_ += step_; }

 private:
  std::int64_t step_, x_;
};

/// First row (column) on or after a place in 1/256 pixel.
inline int RowAfter(std::int32_t y) { return (y + raster::kSubpixels - 1) >> 8; }

/// Calls span(y, begin, end) for the rows of a triangle within `clip`; pixels at an edge belong to
/// exactly one of the two triangles there.
template <typename Span>
void Spans(const Vertex* v0, const Vertex* v1, const Vertex* v2, const cv::Rect& clip,
           const Span& span) {
  if (v1->y < v0->y || (v1->y == v0->y && v1->x < v0->x)) std::swap(v0, v1);
  if (v2->y < v0->y || (v2->y == v0->y && v2->x < v0->x)) std::swap(v0, v2);
  if (v2->y < v1->y || (v2->y == v1->y && v2->x < v1->x)) std::swap(v1, v2);
  const int first = std::max(RowAfter(v0->y), clip.y);
  const int last = std::min(RowAfter(v2->y), clip.y + clip.height);
  const int middle = std::clamp(RowAfter(v1->y), first, std::max(first, last));
  if (first >= last) return;
  const bool long_left =
      std::int64_t{v1->x - v0->x} * (v2->y - v0->y) > std::int64_t{v2->x - v0->x} * (v1->y - v0->y);
  const int left = clip.x, right = clip.x + clip.width;
  Descent along(*v0, *v2, std::max(RowAfter(v0->y), clip.y));
  const auto rows = [&](const Vertex& from, const Vertex& to, int begin, int end) {
    if (begin >= end) return;
    Descent other(from, to, std::max(RowAfter(from.y), clip.y));
    for (int y = begin; y < end; ++y) {
      const int a = std::max(long_left ? along.pixel() : other.pixel(), left);
      const int b = std::min(long_left ? other.pixel() : along.pixel(), right);
      if (a < b) span(y, a, b);
      along.Down();
      other.Down();
    }
  };
  rows(*v0, *v1, first, middle);
  rows(*v1, *v2, middle, last);
}

/// A quadratic function over the picture, from a reference point.
struct Quadric {
  F4 constant, x, y, xx, xy, yy;
};

}  // namespace

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
    Box inner{}, near{};
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
  void Project(Surface* surface);
  void FindEyes(const cv::Rect& area);
  void Sort(const cv::Rect& area, Surface* surface);
  void Light(Surface* surface, std::vector<int>* points, bool separate);
  void Fill(const cv::Rect& area, Surface* surface);
  template <bool kBent>
  void FillPlain(const cv::Rect& area, const Surface& surface, const Listed& listed);
  void FillTextured(const cv::Rect& area, const Surface& surface, const Listed& listed);
  void Smooth(const cv::Rect& area, const Surface& surface);
  void SmoothEdge(const cv::Rect& area, const Vertex& a, const Vertex& b, const Vertex& inside);
  void RenderEye(EyeArea* eye);
  void CollectSkin(EyeArea* eye);
  void FillMesh(const Part& part, Mesh* mesh) const;
  Part MakePart(const MeshTopology& whole, const Vectors& rest, Side side) const;
  bool Near(const Part& part, const Box& box) const;
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
  Surface skin_, clothes_, mouth_, teeth_;
  std::vector<Surface> others_;
  std::map<std::shared_ptr<const MeshTopology>, Surface> connected_;
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

HeadPainter::Impl::Impl(const Actor& actor, const Lighting& lighting,
                        const Eigen::Vector3f& background, const ToneCurve& tone)
    : actor_(actor), tone_(tone), lighting_(lighting), background_(background) {
  lights_.Set(lighting, -1);
  for (int c = 0; c < 3; ++c) background_bgr_ |= tone(background[2 - c]) << (8 * c);
  const HeadRig& rig = actor.rig();
  const HeadSurface& surface = rig.surface();
  const Eigen::Matrix3Xd& rest = actor.rest_positions();
  drawn_ = static_cast<size_t>(rest.cols());
  all_ = drawn_ + rig.between().size();

  Vectors positions(all_);
  for (size_t v = 0; v < drawn_; ++v)
    positions[v] = rest.col(static_cast<Eigen::Index>(v)).cast<float>();
  std::vector<int> same(all_);
  for (size_t v = 0; v < drawn_; ++v) same[v] = static_cast<int>(v);
  rest_normals_ = VertexNormals(positions, surface.triangles());
  rest_normals_.resize(all_);
  for (size_t k = 0; k < rig.between().size(); ++k) {
    const HeadRig::Between& b = rig.between()[k];
    const size_t from = static_cast<size_t>(b.from), to = static_cast<size_t>(b.to);
    positions[drawn_ + k] = (1 - b.share) * positions[from] + b.share * positions[to];
    rest_normals_[drawn_ + k] =
        ((1 - b.share) * rest_normals_[from] + b.share * rest_normals_[to]).normalized();
    same[drawn_ + k] = b.from == b.to ? b.from : static_cast<int>(drawn_ + k);
  }
  wetness_.assign(all_, 0.0f);
  for (size_t v = 0; v < drawn_; ++v) {
    const float ring = surface.ring()[v];
    if (ring <= 1) wetness_[v] = 1 - ring;
  }

  std::vector<std::uint8_t> in_region(drawn_, 0);
  for (const Side side : kSides)
    for (const int v : rig.lids().Region(side)) in_region[static_cast<size_t>(v)] = 1;
  moves_.assign(all_, 0);
  const auto touches = [](const std::vector<std::uint8_t>& set, const std::array<int, 3>& t) {
    return set[static_cast<size_t>(t[0])] != 0 || set[static_cast<size_t>(t[1])] != 0 ||
           set[static_cast<size_t>(t[2])] != 0;
  };
  for (const auto& t : surface.triangles())
    if (touches(in_region, t))
      for (const int v : t) moves_[static_cast<size_t>(v)] = 1;
  for (const auto& t : surface.triangles())
    if (touches(moves_, t)) moving_triangles_.push_back(t);
  for (size_t v = 0; v < drawn_; ++v)
    if (moves_[v] != 0) moving_.push_back(static_cast<int>(v));

  // Lids first; neighbours follow one another, so that the pixels they fill are at hand.
  skin_.triangles = InOrder(rig.lid_skin()->triangles, positions);
  lid_triangles_ = skin_.triangles.size();
  skin_.two_sided.assign(lid_triangles_, 1);
  const auto others = InOrder(rig.skin()->triangles, positions);
  skin_.triangles.insert(skin_.triangles.end(), others.begin(), others.end());
  skin_.two_sided.resize(skin_.triangles.size(), 0);
  skin_.material = actor.appearance().skin;
  skin_.uv = rig.skin()->uv;
  Connect(same, &skin_);
  Study(positions, rest_normals_, &skin_);

  for (const Side side : kSides) {
    margin_parts_[static_cast<size_t>(side)] = MakePart(*rig.lid_margin(), positions, side);
    lid_parts_[static_cast<size_t>(side)] = MakePart(*rig.lid_skin(), positions, side);
  }

  const auto make = [&](const std::shared_ptr<const MeshTopology>& topology,
                        const std::shared_ptr<const Material>& material, bool two_sided,
                        const Vectors& normals, Surface* made) {
    made->material = material;
    made->triangles = topology->triangles;
    made->two_sided.assign(made->triangles.size(), two_sided ? 1 : 0);
    Connect(same, made);
    Study(positions, normals, made);
  };
  make(rig.clothes(), actor.cloth_material(), false, rest_normals_, &clothes_);
  mouth_rest_ = VertexNormals(positions, rig.mouth()->triangles);
  make(rig.mouth(), actor.mouth_material(), true, mouth_rest_, &mouth_);
  teeth_rest_ = VertexNormals(positions, rig.teeth()->triangles);
  make(rig.teeth(), actor.teeth_material(), true, teeth_rest_, &teeth_);

  positions_.resize(all_);
  normals_.resize(all_);
  cloth_positions_.resize(all_);
  mouth_normals_.resize(all_);
  teeth_normals_.resize(all_);
  occlusion_.resize(all_);
  mouth_occlusion_.resize(all_);
  stamp_.assign(all_, 0);
  compact_.resize(all_);
}

void HeadPainter::Impl::PlaceSkin(const ActorPose& pose, const Actor::Posed& posed) {
  const HeadRig& rig = actor_.rig();
  const Eigen::Matrix3f rotation = pose.head.rotation.cast<float>();
  const Eigen::Vector3f translation = pose.head.translation_mm.cast<float>();
  rigid_ = pose.expression.size() == 0 || pose.expression.isZero(0);
  const std::vector<float>& open = actor_.ambient_visibility();
  for (size_t v = 0; v < drawn_; ++v) {
    positions_[v] =
        rotation * posed.positions.col(static_cast<Eigen::Index>(v)).cast<float>() + translation;
    normals_[v] = rotation * rest_normals_[v];
    occlusion_[v] = posed.shade[v].factor * (open[v] + (0.9f - open[v]) * posed.shade[v].lift);
  }
  if (rigid_) {
    for (const int v : moving_) normals_[static_cast<size_t>(v)].setZero();
    for (const auto& t : moving_triangles_) {
      const size_t a = static_cast<size_t>(t[0]), b = static_cast<size_t>(t[1]),
                   c = static_cast<size_t>(t[2]);
      const Eigen::Vector3f normal =
          (positions_[b] - positions_[a]).cross(positions_[c] - positions_[a]);
      for (const size_t v : {a, b, c})
        if (moves_[v] != 0) normals_[v] += normal;
    }
    for (const int v : moving_) {
      Eigen::Vector3f& normal = normals_[static_cast<size_t>(v)];
      const float length = normal.norm();
      normal = length > 1e-12f ? Eigen::Vector3f(normal / length) : Eigen::Vector3f(0, 0, 1);
    }
  } else {
    positions_.resize(drawn_);
    normals_ = VertexNormals(positions_, rig.surface().triangles());
    positions_.resize(all_);
    normals_.resize(all_);
  }
  for (size_t k = 0; k < rig.between().size(); ++k) {
    const HeadRig::Between& b = rig.between()[k];
    const size_t from = static_cast<size_t>(b.from), to = static_cast<size_t>(b.to);
    const size_t v = drawn_ + k;
    positions_[v] = (1 - b.share) * positions_[from] + b.share * positions_[to];
    occlusion_[v] = (1 - b.share) * occlusion_[from] + b.share * occlusion_[to];
    normals_[v] = ((1 - b.share) * normals_[from] + b.share * normals_[to]).normalized();
  }
  const auto inside = [&](const Surface& surface, const Vectors& rest_normals, Vectors* normals) {
    if (surface.triangles.empty()) return;
    if (!rigid_) {
      *normals = VertexNormals(positions_, surface.triangles);
    } else {
      for (const int v : surface.used)
        (*normals)[static_cast<size_t>(v)] = rotation * rest_normals[static_cast<size_t>(v)];
    }
    for (const int v : surface.used) {
      // Visibility was measured with the mouth shut.
      mouth_occlusion_[static_cast<size_t>(v)] = std::max(occlusion_[static_cast<size_t>(v)], 0.4f);
    }
  };
  inside(mouth_, mouth_rest_, &mouth_normals_);
  inside(teeth_, teeth_rest_, &teeth_normals_);
  for (const int v : clothes_.used) {
    const size_t i = static_cast<size_t>(v);
    cloth_positions_[i] = positions_[i] + rig.cloth_lift_mm()[i] * normals_[i];
  }
}

void HeadPainter::Impl::Project(Surface* surface) {
  const float focal = static_cast<float>(camera_.focal_px);
  const float x = static_cast<float>(camera_.principal_px.x());
  const float y = static_cast<float>(camera_.principal_px.y());
  const Vectors& positions = *surface->positions;
  surface->screen.resize(positions.size());
  constexpr float kFarthest = 1 << 20;
  for (const int v : surface->used) {
    const Eigen::Vector3f& p = positions[static_cast<size_t>(v)];
    Vertex& vertex = surface->screen[static_cast<size_t>(v)];
    vertex = {0, 0, 0};
    if (!(p.z() >= kNearPlaneMm)) continue;
    const float inverse = 1.0f / p.z();
    const float px = focal * p.x() * inverse + x, py = focal * p.y() * inverse + y;
    if (!(std::abs(px) < kFarthest && std::abs(py) < kFarthest)) continue;
    vertex = {static_cast<std::int32_t>(std::floor(px * raster::kSubpixels + 0.5f)),
              static_cast<std::int32_t>(std::floor(py * raster::kSubpixels + 0.5f)), inverse};
  }
}

cv::Rect HeadPainter::Impl::Place(const Camera& camera, const ActorPose& pose,
                                  const Actor::Posed& posed, std::vector<Mesh> more) {
  camera_ = camera;
  pose_ = &pose;
  posed_ = &posed;
  more_ = std::move(more);
  PlaceSkin(pose, posed);
  skin_.positions = mouth_.positions = teeth_.positions = &positions_;
  skin_.normals = clothes_.normals = &normals_;
  skin_.occlusion = clothes_.occlusion = &occlusion_;
  clothes_.positions = &cloth_positions_;
  mouth_.normals = &mouth_normals_;
  teeth_.normals = &teeth_normals_;
  mouth_.occlusion = teeth_.occlusion = &mouth_occlusion_;
  for (Surface* surface : {&skin_, &clothes_, &mouth_, &teeth_}) Project(surface);

  others_.resize(more_.size());
  for (size_t m = 0; m < more_.size(); ++m) {
    const Mesh& mesh = more_[m];
    const auto [entry, is_new] = connected_.try_emplace(mesh.topology);
    if (is_new) {
      entry->second.triangles = mesh.topology->triangles;
      Connect({}, &entry->second);
    }
    others_[m] = entry->second;
    others_[m].material = mesh.material;
    others_[m].two_sided.assign(mesh.topology->triangles.size(), mesh.two_sided ? 1 : 0);
    Study(mesh.positions, mesh.normals, &others_[m]);
    others_[m].positions = &mesh.positions;
    others_[m].normals = &mesh.normals;
    others_[m].occlusion = nullptr;
    Project(&others_[m]);
  }

  int left = std::numeric_limits<int>::max(), top = left, right = -left, bottom = -left;
  const auto take = [&](const Surface& surface) {
    for (const int v : surface.used) {
      const Vertex& vertex = surface.screen[static_cast<size_t>(v)];
      if (vertex.inverse_z == 0) continue;
      left = std::min(left, vertex.x);
      right = std::max(right, vertex.x);
      top = std::min(top, vertex.y);
      bottom = std::max(bottom, vertex.y);
    }
  };
  take(skin_);
  take(clothes_);
  for (const Surface& other : others_) take(other);
  if (right < left) return {};
  // A pixel of smoothed outline; lashes do not reach beyond the face by more than 8 mm.
  const int margin =
      2 + static_cast<int>(8 * camera.focal_px / std::max(10.0, pose.head.translation_mm.z()));
  const cv::Point first((left >> 8) - margin, (top >> 8) - margin);
  const cv::Point last((right >> 8) + margin + 2, (bottom >> 8) + margin + 2);
  return cv::Rect(first, last) & cv::Rect(0, 0, camera.width_px, camera.height_px);
}

void HeadPainter::Impl::FindEyes(const cv::Rect& area) {
  lashes_.camera = camera_;
  lashes_.lighting = lighting_;
  lashes_.meshes.clear();
  lashes_.strands.clear();
  lashes_.eyes = {};
  actor_.AddEyesTo(*pose_, *posed_, &lashes_);
  std::vector<cv::Rect> rects;
  std::vector<std::array<bool, 2>> sides;
  for (const Side side : kSides) {
    const size_t s = static_cast<size_t>(side);
    const Eigen::Vector3d globe = pose_->head * posed_->eyes[s].globe_centre_mm;
    if (globe.z() < 2 * kNearPlaneMm) continue;
    Eigen::Vector2f low(1e9f, 1e9f), high(-1e9f, -1e9f);
    const auto take = [&](const Eigen::Vector3f& point) {
      if (point.z() < kNearPlaneMm) return;
      const Eigen::Vector2f pixel = camera_.Project(point.cast<double>()).cast<float>();
      low = low.cwiseMin(pixel);
      high = high.cwiseMax(pixel);
    };
    const HeadSurface::Margin& margin = actor_.rig().surface().margins()[s];
    for (const auto* chain : {&margin.upper_outer, &margin.lower_outer})
      for (const int v : *chain) take(positions_[static_cast<size_t>(v)]);
    if (actor_.appearance().lashes)
      for (const Eigen::Vector3f& point : lashes_.strands[s].positions) take(point);
    if (high.x() < low.x()) continue;
    const int grow =
        kFeatherPx + static_cast<int>(std::ceil(kEyeMarginMm * camera_.focal_px / globe.z()));
    const cv::Point first(static_cast<int>(std::floor(low.x())) - grow,
                          static_cast<int>(std::floor(low.y())) - grow);
    const cv::Point last(static_cast<int>(std::ceil(high.x())) + grow + 1,
                         static_cast<int>(std::ceil(high.y())) + grow + 1);
    const cv::Rect rect = cv::Rect(first, last) & area;
    if (rect.empty()) continue;
    rects.push_back(rect);
    sides.push_back({side == Side::kRight, side == Side::kLeft});
  }
  if (rects.size() == 2 && !(rects[0] & rects[1]).empty()) {
    rects[0] |= rects[1];
    rects.pop_back();
    sides[0] = {true, true};
  }
  eye_count_ = rects.size();
  if (eyes_.size() < eye_count_) eyes_.resize(eye_count_);
  for (size_t e = 0; e < eye_count_; ++e) {
    eyes_[e].rect = rects[e];
    eyes_[e].inner = Subpixels(rects[e], -kFeatherPx);
    eyes_[e].near = Subpixels(rects[e], kCollectPx);
    eyes_[e].sides = sides[e];
    eyes_[e].skin_triangles.clear();
  }
}

void HeadPainter::Impl::Sort(const cv::Rect& area, Surface* surface) {
  plain_.clear();
  textured_.clear();
  wanted_.clear();
  separate_.clear();
  const size_t vertices = surface->positions->size();
  surface->known.assign(vertices + surface->edges.size(), 0);
  surface->lit.resize(surface->known.size());
  surface->light.resize(surface->known.size());
  surface->drawn.assign(surface->triangles.size(), 0);
  const Box picture = Subpixels(area, 1);
  for (size_t t = 0; t < surface->triangles.size(); ++t) {
    const auto& triangle = surface->triangles[t];
    const Vertex& a = surface->screen[static_cast<size_t>(triangle[0])];
    const Vertex& b = surface->screen[static_cast<size_t>(triangle[1])];
    const Vertex& c = surface->screen[static_cast<size_t>(triangle[2])];
    if (a.inverse_z == 0 || b.inverse_z == 0 || c.inverse_z == 0) continue;
    const std::int64_t turn =
        std::int64_t{b.x - a.x} * (c.y - a.y) - std::int64_t{b.y - a.y} * (c.x - a.x);
    // y runs down: counter-clockwise, seen by the camera, is negative.
    if (turn >= 0 && surface->two_sided[t] == 0) continue;
    surface->drawn[t] = turn < 0 ? 1 : 2;
    if (turn == 0) continue;
    const Box box = BoxOf(a, b, c);
    if (!Touch(box, picture)) continue;
    bool hidden = false;
    if (surface == &skin_) {
      for (size_t e = 0; e < eye_count_; ++e) {
        if (!Touch(box, eyes_[e].near)) continue;
        if (t >= lid_triangles_) eyes_[e].skin_triangles.push_back(static_cast<int>(t));
        hidden = hidden || Within(box, eyes_[e].inner);
      }
    }
    if (hidden) continue;
    const bool textured = surface->textured[t] != 0;
    std::vector<int>& points = textured ? separate_ : wanted_;
    const int mark = textured ? 2 : 1;
    const auto want = [&](size_t point) {
      std::uint8_t& known = surface->known[point];
      if ((known & mark) != 0) return;
      known = static_cast<std::uint8_t>(known | mark);
      points.push_back(static_cast<int>(point));
    };
    want(static_cast<size_t>(triangle[0]));
    want(static_cast<size_t>(triangle[1]));
    want(static_cast<size_t>(triangle[2]));
    int bent = surface->bent[t];
    if (bent != 0) {
      const auto is_long = [](const Vertex& from, const Vertex& to) {
        return std::abs(to.x - from.x) + std::abs(to.y - from.y) > kShort ? 1 : 0;
      };
      bent &= is_long(a, b) | is_long(b, c) << 1 | is_long(c, a) << 2;
      for (size_t k = 0; k < 3; ++k)
        if ((bent >> k & 1) != 0) want(vertices + static_cast<size_t>(surface->edges_of[t][k]));
    }
    (textured ? textured_ : plain_).push_back({static_cast<int>(t), bent});
  }
  Light(surface, &wanted_, false);
  Light(surface, &separate_, true);
}

void HeadPainter::Impl::Light(Surface* surface, std::vector<int>* list, bool separate) {
  if (list->empty()) return;
  const size_t count = list->size();
  while (list->size() % 4 != 0) list->push_back(list->back());
  const Vectors& positions = *surface->positions;
  const Vectors& normals = *surface->normals;
  const float inverse_focal = static_cast<float>(1 / camera_.focal_px);
  Material material = *surface->material;
  material.albedo.setOnes();  // It is part of the points'.
  shading::SurfacePoints points{};
  points.visibility = simd::Splat(1.0f);
  points.wetness = F4{};
  for (size_t i = 0; i < list->size(); i += 4) {
    float place[3][4], normal[3][4], occlusion[4], curvature[4];
    F4 albedo[4];
    for (size_t lane = 0; lane < 4; ++lane) {
      const size_t point = static_cast<size_t>((*list)[i + lane]);
      Eigen::Vector3f p, n;
      if (point < positions.size()) {
        p = positions[point];
        n = normals[point];
        occlusion[lane] = surface->occlusion != nullptr ? (*surface->occlusion)[point] : 1.0f;
        curvature[lane] = surface->curvature[point];
      } else {
        const Edge& edge = surface->edges[point - positions.size()];
        const size_t a = static_cast<size_t>(edge.a), b = static_cast<size_t>(edge.b);
        p = 0.5f * (positions[a] + positions[b]);
        n = normals[a] + normals[b];
        occlusion[lane] = surface->occlusion != nullptr
                              ? 0.5f * ((*surface->occlusion)[a] + (*surface->occlusion)[b])
                              : 1.0f;
        curvature[lane] = 0.5f * (surface->curvature[a] + surface->curvature[b]);
      }
      for (size_t c = 0; c < 3; ++c) {
        place[c][lane] = p[static_cast<Eigen::Index>(c)];
        normal[c][lane] = n[static_cast<Eigen::Index>(c)];
      }
      albedo[lane] = simd::Load(surface->albedo[point]);
    }
    simd::Transpose(&albedo[0], &albedo[1], &albedo[2], &albedo[3]);
    const F4 z = simd::Load(place[2]);
    points.ray_x = simd::Load(place[0]) / z;
    points.ray_y = simd::Load(place[1]) / z;
    points.pixel_mm = z * inverse_focal;
    F4 n[3] = {simd::Load(normal[0]), simd::Load(normal[1]), simd::Load(normal[2])};
    F4 scale =
        simd::InverseSqrt(simd::Max(n[0] * n[0] + n[1] * n[1] + n[2] * n[2], simd::Splat(1e-20f)));
    if (surface->two_sided.front() != 0 && surface != &skin_) {
      // The side that is seen.
      const F4 away = n[0] * points.ray_x + n[1] * points.ray_y + n[2];
      scale = simd::Select(away > 0.0f, -scale, scale);
    }
    for (int c = 0; c < 3; ++c) points.normal[c] = n[c] * scale;
    points.occlusion = simd::Load(occlusion);
    points.curvature = simd::Load(curvature);
    std::copy_n(albedo, 3, points.albedo);
    F4 rgb[4];
    shading::ShadeSurface(material, lights_, points, rgb);
    if (separate) {
      // Reflection is what is left without albedo; the rest is taken as in proportion to it.
      F4 gloss[3];
      std::fill_n(points.albedo, 3, F4{});
      shading::ShadeSurface(material, lights_, points, gloss);
      for (int c = 0; c < 3; ++c)
        rgb[c] = (rgb[c] - gloss[c]) / simd::Max(albedo[c], simd::Splat(1e-4f));
      rgb[3] = (gloss[0] + gloss[1] + gloss[2]) * (1.0f / 3.0f);
      simd::Transpose(&rgb[0], &rgb[1], &rgb[2], &rgb[3]);
      for (size_t lane = 0; lane < 4; ++lane)
        simd::Store(&surface->light[static_cast<size_t>((*list)[i + lane])], rgb[lane]);
      continue;
    }
    for (size_t lane = 0; lane < 4; ++lane) {
      surface->lit[static_cast<size_t>((*list)[i + lane])] = {
          {tone_.Encode(rgb[2][lane]) + 0.5f, tone_.Encode(rgb[1][lane]) + 0.5f,
           tone_.Encode(rgb[0][lane]) + 0.5f, 0}};
    }
  }
  list->resize(count);
}

namespace {

/// The planes of a triangle's weights: of vertices 1 and 2, per pixel, and of 1/z, from vertex 0.
struct Planes {
  float x, y;  ///< Vertex 0 in pixels.
  float b1_x, b1_y, b2_x, b2_y;
  float z, z_x, z_y;
  float area;  ///< Pixels, times two.
  bool thin;   ///< Too thin for planes in single precision: one colour.

  Planes(const Vertex& v0, const Vertex& v1, const Vertex& v2) {
    const std::int64_t turn =
        std::int64_t{v1.x - v0.x} * (v2.y - v0.y) - std::int64_t{v1.y - v0.y} * (v2.x - v0.x);
    const float per_area = raster::kSubpixels / static_cast<float>(turn);
    x = static_cast<float>(v0.x) * (1.0f / raster::kSubpixels);
    y = static_cast<float>(v0.y) * (1.0f / raster::kSubpixels);
    b1_x = static_cast<float>(v2.y - v0.y) * per_area;
    b1_y = static_cast<float>(v0.x - v2.x) * per_area;
    b2_x = static_cast<float>(v0.y - v1.y) * per_area;
    b2_y = static_cast<float>(v1.x - v0.x) * per_area;
    const float rise1 = v1.inverse_z - v0.inverse_z, rise2 = v2.inverse_z - v0.inverse_z;
    z = v0.inverse_z;
    z_x = b1_x * rise1 + b2_x * rise2;
    z_y = b1_y * rise1 + b2_y * rise2;
    area = std::abs(static_cast<float>(turn)) * (1.0f / (raster::kSubpixels * raster::kSubpixels));
    const Box box = BoxOf(v0, v1, v2);
    const float extent = static_cast<float>(std::max(box.right - box.left, box.bottom - box.top)) *
                         (1.0f / raster::kSubpixels);
    const float steepest =
        std::max({std::abs(b1_x), std::abs(b1_y), std::abs(b2_x), std::abs(b2_y)});
    thin = steepest * extent > 500.0f;
    if (thin) z_x = z_y = 0;
  }

  /// Through three corners.
  Quadric Linear(F4 f0, F4 f1, F4 f2) const {
    if (thin) return {(f0 + f1 + f2) * (1.0f / 3.0f), F4{}, F4{}, F4{}, F4{}, F4{}};
    f1 -= f0;
    f2 -= f0;
    return {f0, f1 * b1_x + f2 * b2_x, f1 * b1_y + f2 * b2_y, F4{}, F4{}, F4{}};
  }
  /// And through the middles of the edges.
  Quadric Quadratic(F4 f0, F4 f1, F4 f2, F4 f01, F4 f12, F4 f20) const {
    if (thin) return Linear(f0, f1, f2);
    const F4 c11 = 2.0f * (f0 + f1 - 2.0f * f01);
    const F4 c22 = 2.0f * (f0 + f2 - 2.0f * f20);
    const F4 c12 = 4.0f * (f12 + f0 - f01 - f20);
    const F4 c1 = f1 - f0 - c11, c2 = f2 - f0 - c22;
    Quadric quadric;
    quadric.constant = f0;
    quadric.x = c1 * b1_x + c2 * b2_x;
    quadric.y = c1 * b1_y + c2 * b2_y;
    quadric.xx = c11 * (b1_x * b1_x) + c22 * (b2_x * b2_x) + c12 * (b1_x * b2_x);
    quadric.yy = c11 * (b1_y * b1_y) + c22 * (b2_y * b2_y) + c12 * (b1_y * b2_y);
    quadric.xy =
        c11 * (2 * b1_x * b1_y) + c22 * (2 * b2_x * b2_y) + c12 * (b1_x * b2_y + b1_y * b2_x);
    return quadric;
  }
};

/// Steps along a row: a quadratic from its value and its first two differences.
struct Walk {
  F4 value, first, second;
  Walk(const Quadric& quadric, float x, float y) {
    const F4 slope = quadric.x + quadric.xy * y;
    value = quadric.constant + (quadric.y + quadric.yy * y) * y + (slope + quadric.xx * x) * x;
    first = slope + quadric.xx * (2 * x + 1);
    second = quadric.xx + quadric.xx;
  }
  void Next() {
    value += first;
    first += second;
  }
};

Quadric QuadricOf(const Planes& planes, const Surface& surface,
                  const std::vector<simd::Row>& values, size_t triangle, int bent) {
  const auto& corner = surface.triangles[triangle];
  const auto& edge = surface.edges_of[triangle];
  const F4 f0 = simd::Load(values[static_cast<size_t>(corner[0])]);
  const F4 f1 = simd::Load(values[static_cast<size_t>(corner[1])]);
  const F4 f2 = simd::Load(values[static_cast<size_t>(corner[2])]);
  if (bent == 0) return planes.Linear(f0, f1, f2);
  const size_t vertices = surface.positions->size();
  const auto middle = [&](size_t k, F4 a, F4 b) {
    return (bent >> k & 1) != 0 ? simd::Load(values[vertices + static_cast<size_t>(edge[k])])
                                : 0.5f * (a + b);
  };
  return planes.Quadratic(f0, f1, f2, middle(0, f0, f1), middle(1, f1, f2), middle(2, f2, f0));
}

/// Four pixels' B, G, R, 0 as bytes, saturated.
inline simd::I4 Bytes(F4 a, F4 b, F4 c, F4 d) {
#if defined(__SSE2__)
  const auto words = [](F4 x, F4 y) {
    return _mm_packs_epi32(reinterpret_cast<__m128i>(simd::Truncate(x)),
                           reinterpret_cast<__m128i>(simd::Truncate(y)));
  };
  return reinterpret_cast<simd::I4>(_mm_packus_epi16(words(a, b), words(c, d)));
#else
  const F4 pixels[4] = {a, b, c, d};
  simd::I4 packed{};
  for (int i = 0; i < 4; ++i) {
    const simd::I4 whole = simd::Truncate(pixels[i]);
    for (int channel = 0; channel < 3; ++channel)
      packed[i] |= std::clamp(whole[channel], 0, 255) << (8 * channel);
  }
  return packed;
#endif
}

}  // namespace

template <bool kBent>
void HeadPainter::Impl::FillPlain(const cv::Rect& area, const Surface& surface,
                                  const Listed& listed) {
  const auto& corner = surface.triangles[static_cast<size_t>(listed.triangle)];
  const Vertex& v0 = surface.screen[static_cast<size_t>(corner[0])];
  const Vertex& v1 = surface.screen[static_cast<size_t>(corner[1])];
  const Vertex& v2 = surface.screen[static_cast<size_t>(corner[2])];
  const Planes planes(v0, v1, v2);
  const Quadric quadric =
      QuadricOf(planes, surface, surface.lit, static_cast<size_t>(listed.triangle), listed.bent);
  const simd::I4 lanes = {0, 1, 2, 3};
  const F4 z_lanes = planes.z_x * simd::ToFloat(lanes);
  const float z_step = 4 * planes.z_x;
  Spans(&v0, &v1, &v2, area, [&](int y, int begin, int end) {
    // Four pixels at once, on a grid of four, so that the processor finds what it has just written;
    // those beyond the ends stay as they are.
    const int start = begin & ~3;
    const float dx = static_cast<float>(start) - planes.x, dy = static_cast<float>(y) - planes.y;
    F4 z = planes.z + planes.z_x * dx + planes.z_y * dy + z_lanes;
    float* depth = depth_.ptr<float>(y);
    auto* pixels = canvas_.ptr<std::int32_t>(y);
    F4 value, first, second;
    if (kBent) {
      const Walk walk(quadric, dx, dy);
      value = walk.value;
      first = walk.first;
      second = walk.second;
    } else {
      value = quadric.constant + quadric.y * dy + quadric.x * dx;
      first = quadric.x;
      second = F4{};
    }
    for (int x = start; x < end; x += 4) {
      const F4 twice = first + first;
      F4 c1 = value + first, c2 = value + twice, c3 = value + (twice + first);
      F4 next = value + (twice + twice);
      if (kBent) {
        const F4 thrice = second + second + second;
        c2 += second;
        c3 += thrice;
        next += thrice + thrice;
        first += thrice + second;
      }
      const F4 there = simd::Load(depth + x);
      const simd::I4 mask = (z > there) & (lanes < end - x) & (lanes >= begin - x);
      simd::Store(depth + x, simd::Select(mask, z, there));
      simd::I4 old;
      std::memcpy(&old, pixels + x, sizeof old);
      const simd::I4 drawn = simd::Select(mask, Bytes(value, c1, c2, c3), old);
      std::memcpy(pixels + x, &drawn, sizeof drawn);
      value = next;
      z += z_step;
    }
  });
}

void HeadPainter::Impl::FillTextured(const cv::Rect& area, const Surface& surface,
                                     const Listed& listed) {
  constexpr int kChunk = 64;
  const auto& corner = surface.triangles[static_cast<size_t>(listed.triangle)];
  const Vertex& v0 = surface.screen[static_cast<size_t>(corner[0])];
  const Vertex& v1 = surface.screen[static_cast<size_t>(corner[1])];
  const Vertex& v2 = surface.screen[static_cast<size_t>(corner[2])];
  const Planes planes(v0, v1, v2);
  const Quadric quadric =
      QuadricOf(planes, surface, surface.light, static_cast<size_t>(listed.triangle), listed.bent);
  const Texture& texture = *surface.material->albedo_texture;
  const Eigen::Vector2f uv0 = surface.uv[static_cast<size_t>(corner[0])];
  const Eigen::Vector2f uv1 = surface.uv[static_cast<size_t>(corner[1])] - uv0;
  const Eigen::Vector2f uv2 = surface.uv[static_cast<size_t>(corner[2])] - uv0;
  Eigen::Vector2f uv_x(0, 0), uv_y(0, 0);
  if (!planes.thin) {
    uv_x = uv1 * planes.b1_x + uv2 * planes.b2_x;
    uv_y = uv1 * planes.b1_y + uv2 * planes.b2_y;
  }
  const float share = std::abs(uv1.x() * uv2.y() - uv1.y() * uv2.x()) / planes.area;
  const float texels =
      std::sqrt(share * static_cast<float>(texture.width()) * static_cast<float>(texture.height()));
  const Eigen::Vector3f own = surface.material->albedo;
  const F4 tint = {own[0], own[1], own[2], 0};
  alignas(16) float rgba[4 * kChunk];
  Spans(&v0, &v1, &v2, area, [&](int y, int begin, int end) {
    const float dy = static_cast<float>(y) - planes.y;
    float* depth = depth_.ptr<float>(y);
    auto* pixels = canvas_.ptr<std::int32_t>(y);
    for (int from = begin; from < end; from += kChunk) {
      const int count = std::min(kChunk, end - from);
      const float dx = static_cast<float>(from) - planes.x;
      const Eigen::Vector2f start = uv0 + uv_x * dx + uv_y * dy;
      texture.FetchLine(start.x(), start.y(), uv_x.x(), uv_x.y(), texels, count, rgba);
      Walk light(quadric, dx, dy);
      float z = planes.z + planes.z_x * dx + planes.z_y * dy;
      for (int i = 0; i < count; ++i) {
        const int x = from + i;
        if (z > depth[x]) {
          depth[x] = z;
          const F4 rgb = simd::Load(rgba + 4 * i) * tint * light.value + light.value[3];
          pixels[x] = tone_(rgb[2]) | tone_(rgb[1]) << 8 | tone_(rgb[0]) << 16;
        }
        z += planes.z_x;
        light.Next();
      }
    }
  });
}

void HeadPainter::Impl::Fill(const cv::Rect& area, Surface* surface) {
  if (surface->triangles.empty()) return;
  Sort(area, surface);
  for (const Listed& listed : plain_) {
    if (listed.bent != 0) {
      FillPlain<true>(area, *surface, listed);
    } else {
      FillPlain<false>(area, *surface, listed);
    }
  }
  for (const Listed& listed : textured_) FillTextured(area, *surface, listed);
}

void HeadPainter::Impl::Smooth(const cv::Rect& area, const Surface& surface) {
  const Box picture = Subpixels(area, 0);
  // Both sides of the lids count, so that only their borders can be outlines.
  const int lids = static_cast<int>(lid_triangles_);
  for (size_t e = 0; e < surface.edges.size(); ++e) {
    // One side faces the camera, the other does not or is not there.
    const std::array<int, 2>& beside = surface.beside[e];
    int inside = beside[0];
    if (&surface == &skin_ && inside < lids && beside[1] >= 0) continue;
    const int first = surface.drawn[static_cast<size_t>(inside)];
    const int second = beside[1] < 0 ? 0 : surface.drawn[static_cast<size_t>(beside[1])];
    if (first == second) continue;
    if (first == 0 || (second == 1 && first == 2)) inside = beside[1];
    const Edge& edge = surface.edges[e];
    const Vertex& a = surface.screen[static_cast<size_t>(edge.a)];
    const Vertex& b = surface.screen[static_cast<size_t>(edge.b)];
    const Box box = BoxOf(a, a, b);
    if (!Touch(box, picture)) continue;
    bool hidden = false;
    for (size_t i = 0; i < eye_count_; ++i) hidden = hidden || Within(box, eyes_[i].inner);
    if (hidden) continue;
    for (const int v : surface.triangles[static_cast<size_t>(inside)]) {
      if (v == edge.a || v == edge.b) continue;
      SmoothEdge(area, a, b, surface.screen[static_cast<size_t>(v)]);
      break;
    }
  }
}

void HeadPainter::Impl::SmoothEdge(const cv::Rect& area, const Vertex& a, const Vertex& b,
                                   const Vertex& inside) {
  // Steps along the longer of its extents; "across" is the other.
  const bool flat = std::abs(b.x - a.x) >= std::abs(b.y - a.y);
  const auto along = [flat](const Vertex& v) { return flat ? v.x : v.y; };
  const auto across = [flat](const Vertex& v) { return flat ? v.y : v.x; };
  const Vertex& from = along(a) <= along(b) ? a : b;
  const Vertex& to = along(a) <= along(b) ? b : a;
  const int length = along(to) - along(from);
  if (length == 0) return;
  const int low = flat ? area.x : area.y;
  const int high = low + (flat ? area.width : area.height);
  const int across_low = flat ? area.y : area.x;
  const int across_high = across_low + (flat ? area.height : area.width);
  const float per_length = 1.0f / static_cast<float>(length);
  const float slope = static_cast<float>(across(to) - across(from)) * per_length;
  // Whether the triangle lies towards greater places across.
  const bool after = static_cast<float>(across(inside) - across(from)) >
                     slope * static_cast<float>(along(inside) - along(from));
  const int begin = std::max(RowAfter(along(from)), low);
  const int end = std::min(RowAfter(along(to)), high);
  for (int i = begin; i < end; ++i) {
    const float share = static_cast<float>(i * raster::kSubpixels - along(from));
    const float place =
        (static_cast<float>(across(from)) + slope * share) * (1.0f / raster::kSubpixels);
    const float z = from.inverse_z + (to.inverse_z - from.inverse_z) * share * per_length;
    const int before = static_cast<int>(std::floor(place));
    if (before < across_low || before + 1 >= across_high) continue;
    const float t = place - static_cast<float>(before);
    const int in = after ? before + 1 : before, out = after ? before : before + 1;
    const auto at = [&](int j) { return flat ? cv::Point(i, j) : cv::Point(j, i); };
    const cv::Point p_in = at(in), p_out = at(out);
    const float z_in = depth_.at<float>(p_in), z_out = depth_.at<float>(p_out);
    if (z_in < z * (1 - kBehind) || z_in > z * (1 + kBefore) || z_out > z * (1 + kBehind)) continue;
    // The edge crosses the pixel whose centre is nearer; the other one's colour fills its share.
    const float beyond = after ? t : 1 - t;  // From the centre outside to the edge.
    const float mix = std::abs(0.5f - beyond);
    std::int32_t& target = canvas_.at<std::int32_t>(beyond < 0.5f ? p_out : p_in);
    const auto other =
        static_cast<std::uint32_t>(canvas_.at<std::int32_t>(beyond < 0.5f ? p_in : p_out));
    const auto own = static_cast<std::uint32_t>(target);
    std::uint32_t mixed = 0;
    for (int c = 0; c < 24; c += 8) {
      const float x = tone_.Decode(static_cast<std::uint8_t>(own >> c));
      const float y = tone_.Decode(static_cast<std::uint8_t>(other >> c));
      mixed |= static_cast<std::uint32_t>(tone_(x + (y - x) * mix)) << c;
    }
    target = static_cast<std::int32_t>(mixed);
  }
}

HeadPainter::Impl::Part HeadPainter::Impl::MakePart(const MeshTopology& whole, const Vectors& rest,
                                                    Side side) const {
  Part part;
  std::map<int, int> compact;
  for (size_t t = 0; t < whole.triangles.size(); ++t) {
    std::array<int, 3> corners = whole.triangles[t];
    const float across = rest[static_cast<size_t>(corners[0])].x();
    if ((across > 0) != (side == Side::kLeft)) continue;
    for (int& v : corners) {
      const auto [entry, is_new] = compact.try_emplace(v, static_cast<int>(part.vertices.size()));
      if (is_new) {
        part.vertices.push_back(v);
        part.topology->uv.push_back(whole.uv[static_cast<size_t>(v)]);
      }
      v = entry->second;
    }
    part.topology->triangles.push_back(corners);
    part.topology->parts.push_back(whole.parts[t]);
  }
  return part;
}

void HeadPainter::Impl::CollectSkin(EyeArea* eye) {
  MeshTopology& topology = *eye->skin.topology;
  topology.triangles.clear();
  topology.parts.clear();
  topology.uv.clear();
  eye->skin.vertices.clear();
  ++stamp_now_;
  for (const int t : eye->skin_triangles) {
    std::array<int, 3> corners = skin_.triangles[static_cast<size_t>(t)];
    for (int& v : corners) {
      const size_t i = static_cast<size_t>(v);
      if (stamp_[i] != stamp_now_) {
        stamp_[i] = stamp_now_;
        compact_[i] = static_cast<int>(eye->skin.vertices.size());
        eye->skin.vertices.push_back(v);
        topology.uv.push_back(skin_.uv[i]);
      }
      v = compact_[i];
    }
    topology.triangles.push_back(corners);
    topology.parts.push_back(maskbench::Part::kSkin);
  }
}

void HeadPainter::Impl::FillMesh(const Part& part, Mesh* mesh) const {
  const size_t count = part.vertices.size();
  mesh->topology = part.topology;
  mesh->positions.resize(count);
  mesh->normals.resize(count);
  mesh->occlusion.resize(count);
  mesh->wetness.resize(count);
  for (size_t k = 0; k < count; ++k) {
    const size_t i = static_cast<size_t>(part.vertices[k]);
    mesh->positions[k] = positions_[i];
    mesh->normals[k] = normals_[i];
    mesh->occlusion[k] = occlusion_[i];
    mesh->wetness[k] = wetness_[i];
  }
}

bool HeadPainter::Impl::Near(const Part& part, const Box& box) const {
  Box all{std::numeric_limits<int>::max(), std::numeric_limits<int>::max(),
          std::numeric_limits<int>::min(), std::numeric_limits<int>::min()};
  for (const int v : part.vertices) {
    const Vertex& vertex = skin_.screen[static_cast<size_t>(v)];
    if (vertex.inverse_z == 0) continue;
    all = {std::min(all.left, vertex.x), std::min(all.top, vertex.y), std::max(all.right, vertex.x),
           std::max(all.bottom, vertex.y)};
  }
  return Touch(all, box);
}

void HeadPainter::Impl::RenderEye(EyeArea* eye) {
  Scene& scene = eye->scene;
  scene.camera = camera_;
  scene.camera.width_px = eye->rect.width;
  scene.camera.height_px = eye->rect.height;
  scene.camera.principal_px -= Eigen::Vector2d(eye->rect.x, eye->rect.y);
  scene.lighting = lighting_;
  scene.background.top = scene.background.bottom = background_;
  CollectSkin(eye);
  size_t count = 0;
  const auto add = [&](const Part& part, const std::shared_ptr<const Material>& material,
                       bool two_sided) {
    if (scene.meshes.size() <= count) scene.meshes.emplace_back();
    Mesh& mesh = scene.meshes[count++];
    FillMesh(part, &mesh);
    mesh.material = material;
    mesh.two_sided = two_sided;
  };
  for (size_t s = 0; s < 2; ++s) {
    if (!eye->sides[s] && !Near(lid_parts_[s], eye->near)) continue;
    add(margin_parts_[s], actor_.margin_material(), false);
    // Folds may turn a few triangles over; seen from behind they must not open a hole.
    add(lid_parts_[s], actor_.appearance().skin, true);
  }
  add(eye->skin, actor_.appearance().skin, false);
  scene.meshes.resize(count);
  scene.meshes.insert(scene.meshes.end(), more_.begin(), more_.end());
  scene.eyes = lashes_.eyes;
  scene.strands.clear();
  for (const StrandMesh& strands : lashes_.strands) {
    Eigen::Vector2f low(1e9f, 1e9f), high(-1e9f, -1e9f);
    for (const Eigen::Vector3f& p : strands.positions) {
      if (p.z() < kNearPlaneMm) continue;
      const Eigen::Vector2f pixel = camera_.Project(p.cast<double>()).cast<float>();
      low = low.cwiseMin(pixel);
      high = high.cwiseMax(pixel);
    }
    const auto& rect = eye->rect;
    if (high.x() + 1 >= static_cast<float>(rect.x) &&
        low.x() - 1 <= static_cast<float>(rect.x + rect.width) &&
        high.y() + 1 >= static_cast<float>(rect.y) &&
        low.y() - 1 <= static_cast<float>(rect.y + rect.height))
      scene.strands.push_back(strands);
  }
  RenderOptions options;
  options.shadows = false;
  renderer_.Render(scene, options, &eye->frame);
}

void HeadPainter::Impl::Blend(const EyeArea& eye) {
  const cv::Rect& rect = eye.rect;
  for (int y = 0; y < rect.height; ++y) {
    const float* from = eye.frame.linear.ptr<float>(y);
    std::int32_t* to = canvas_.ptr<std::int32_t>(rect.y + y) + rect.x;
    const int rows = std::min(y, rect.height - 1 - y);
    for (int x = 0; x < rect.width; ++x, from += 3) {
      const std::uint32_t seen = static_cast<std::uint32_t>(tone_(from[2])) |
                                 static_cast<std::uint32_t>(tone_(from[1])) << 8 |
                                 static_cast<std::uint32_t>(tone_(from[0])) << 16;
      const int inwards = 1 + std::min({rows, x, rect.width - 1 - x});
      if (inwards > kFeatherPx) {
        to[x] = static_cast<std::int32_t>(seen);
        continue;
      }
      const auto outside = static_cast<std::uint32_t>(to[x]);
      std::uint32_t mixed = 0;
      for (int c = 0; c < 24; c += 8) {
        const int a = static_cast<int>(outside >> c & 255), b = static_cast<int>(seen >> c & 255);
        constexpr int kWhole = kFeatherPx + 1;
        mixed |=
            static_cast<std::uint32_t>((a * (kWhole - inwards) + b * inwards + kWhole / 2) / kWhole)
            << c;
      }
      to[x] = static_cast<std::int32_t>(mixed);
    }
  }
}

void HeadPainter::Impl::Paint(const cv::Rect& area, cv::Mat* bgr) {
  if (area.empty()) return;
  // Rows are filled four pixels at a time.
  const int columns = (camera_.width_px + 3) / 4 * 4;
  canvas_.create(camera_.height_px, columns, CV_32S);
  depth_.create(camera_.height_px, columns, CV_32F);
  for (int y = area.y; y < area.y + area.height; ++y) {
    std::fill_n(canvas_.ptr<std::int32_t>(y) + area.x, area.width, background_bgr_);
    std::fill_n(depth_.ptr<float>(y) + area.x, area.width, 0.0f);
  }
  FindEyes(area);
  Fill(area, &skin_);
  for (Surface* surface : {&clothes_, &mouth_, &teeth_}) Fill(area, surface);
  for (Surface& other : others_) Fill(area, &other);
  for (const Surface* surface : {&skin_, &clothes_, &mouth_, &teeth_}) Smooth(area, *surface);
  for (const Surface& other : others_) Smooth(area, other);
  for (size_t e = 0; e < eye_count_; ++e) {
    RenderEye(&eyes_[e]);
    Blend(eyes_[e]);
  }
  for (int y = 0; y < area.height; ++y) {
    const auto* from = canvas_.ptr<std::int32_t>(area.y + y) + area.x;
    std::uint8_t* to = bgr->ptr<std::uint8_t>(area.y + y) + static_cast<std::ptrdiff_t>(3) * area.x;
    // Four bytes each; the fourth is the next pixel's first.
    for (int x = 0; x + 1 < area.width; ++x, to += 3) std::memcpy(to, from + x, 4);
    std::memcpy(to, from + area.width - 1, 3);
  }
}

HeadPainter::HeadPainter(const Actor& actor, const Lighting& lighting,
                         const Eigen::Vector3f& background, const ToneCurve& tone)
    : impl_(std::make_unique<Impl>(actor, lighting, background, tone)) {}
HeadPainter::~HeadPainter() = default;
HeadPainter::HeadPainter(HeadPainter&&) noexcept = default;
HeadPainter& HeadPainter::operator=(HeadPainter&&) noexcept = default;

cv::Rect HeadPainter::Place(const Camera& camera, const ActorPose& pose, const Actor::Posed& posed,
                            std::vector<Mesh> more) {
  return impl_->Place(camera, pose, posed, std::move(more));
}

void HeadPainter::Paint(const cv::Rect& area, cv::Mat* bgr) { impl_->Paint(area, bgr); }

}  // namespace maskbench
