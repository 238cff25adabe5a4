#include "maskbench/render/renderer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "maskbench/render/eye_shader.h"

#include "raster.h"
#include "shading.h"
#include "shadow_map.h"
#include "simd.h"
#include "vertex_stage.h"

namespace maskbench {
namespace {

using simd::F4;
using simd::I4;

constexpr int kTile = 32;  // Pixels; the samples of a tile fit into the first-level cache.
constexpr int kTilePixels = kTile * kTile;
constexpr size_t kFlush = 256;  // Fragments that wait, at most: they stay in the cache.
constexpr int kBatch = 64;      // Fragments that are shaded together.
constexpr int kNothing = -1;
constexpr int kFirstEye = -2;  // −2 and −3: the eyes by Side.
/// Strands that would let less through let nothing through.
constexpr float kRest = 0.02f;
/// Strands that add less to a pixel are left out.
constexpr float kFaint = 0.002f;
/// Points leave their own surface by this before they look for what shades them; in texels of the
/// shadow map and in mm.
constexpr float kLiftTexels = 0.5f;
constexpr float kLiftMm = 0.3f;
constexpr float kStrandLiftMm = 5.0f;
/// Light does not bleed round surfaces that turn away further than this cosine.
constexpr float kLightsBehind = 0.6f;
constexpr float kEyeLiftMm = 0.5f;

/// The four samples of a pixel.
struct PixelSamples {
  F4 inverse_z;  ///< 0 where nothing is.
  I4 id;         ///< Triangle, kNothing, or an eye.
};

/// Part of a pixel that is shaded once.
struct Fragment {
  std::int32_t triangle;
  std::int32_t pixel;  ///< In the tile.
  float x, y;          ///< Where in the picture.
  float weight;        ///< Share of the pixel's colour.
};

/// A strand in a pixel: how much of the pixel's colour comes from it is known.
struct StrandFragment {
  const std::int32_t* vertex;  ///< Three, in the rows of all vertices.
  std::int32_t pixel;          ///< In the tile.
  float weight;
  float w1, w2;  ///< Of the vertices 1 and 2.
  float red, green, blue;
};

/// Lists of triangles by tile, in one array; each list keeps the order of the triangles.
class Bins {
 public:
  template <typename Triangles, typename BoxOf>
  void Fill(const Triangles& triangles, int tiles_x, int tiles_y, const BoxOf& box_of) {
    const auto for_tiles = [&](const auto& act) {
      for (size_t i = 0; i < triangles.size(); ++i) {
        const raster::Box& box = box_of(triangles[i]);
        for (int y = box.top / kTile; y <= box.bottom / kTile; ++y) {
          for (int x = box.left / kTile; x <= box.right / kTile; ++x) {
            act(y * tiles_x + x, static_cast<int>(i));
          }
        }
      }
    };
    starts_.assign(static_cast<size_t>(tiles_x) * tiles_y + 1, 0);
    for_tiles([&](int tile, int) { ++starts_[tile + 1]; });
    for (size_t i = 1; i < starts_.size(); ++i) starts_[i] += starts_[i - 1];
    entries_.resize(starts_.back());
    next_.assign(starts_.begin(), starts_.end() - 1);
    for_tiles([&](int tile, int index) { entries_[next_[tile]++] = index; });
  }
  const int* begin(int tile) const { return entries_.data() + starts_[tile]; }
  const int* end(int tile) const { return entries_.data() + starts_[tile + 1]; }
  bool empty(int tile) const { return starts_[tile] == starts_[tile + 1]; }

 private:
  std::vector<int> starts_;
  std::vector<int> next_;
  std::vector<int> entries_;
};

constexpr int kBitCount[16] = {0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4};

/// Means of the positions of samples, in pixels, by sample mask.
constexpr std::array<float, 16> Centroids(const int* positions) {
  std::array<float, 16> centroids{};
  for (int mask = 1; mask < 16; ++mask) {
    int sum = 0;
    for (int s = 0; s < 4; ++s) sum += (mask >> s & 1) != 0 ? positions[s] : 0;
    centroids[mask] =
        static_cast<float>(sum) / static_cast<float>(kBitCount[mask] * raster::kSubpixels);
  }
  return centroids;
}
constexpr std::array<float, 16> kCentroidX = Centroids(raster::kSampleX);
constexpr std::array<float, 16> kCentroidY = Centroids(raster::kSampleY);

inline I4 MaskOf(int bits) {
  return I4{-(bits & 1), -((bits >> 1) & 1), -((bits >> 2) & 1), -((bits >> 3) & 1)};
}

/// Memory of an image that somebody else still looks at is not written to.
void Prepare(int rows, int columns, int type, cv::Mat* image) {
  if (image->u != nullptr && image->u->refcount > 1) image->release();
  image->create(rows, columns, type);
}

}  // namespace

class Renderer::Impl {
 public:
  void Render(const Scene& scene, const RenderOptions& options, RenderedFrame* frame);

 private:
  struct StrandTriangle {
    RasterTriangle cover;
    ShadeTriangle shade;
    simd::Row surface[3];  ///< Of the vertices.
    float texels_per_pixel;
  };
  struct StrandKey {
    float depth;
    int mesh;
    int triangle;
    bool operator<(const StrandKey& other) const {
      return std::tie(depth, mesh, triangle) < std::tie(other.depth, other.mesh, other.triangle);
    }
  };
  /// Where the key light comes from, for one vertex.
  enum class Reach : std::uint8_t { kUnseen, kAway, kSome, kDark, kLit };

  void BuildVertices();
  void BuildTriangles();
  void BuildShadows();
  void AskVertices();
  void MarkPenumbra();
  void BuildStrands();

  void RenderTile(int tile_x, int tile_y, int tile);
  void CoverOpaque(const int* begin, const int* end);
  void CoverEye(int side);
  void CoverStrands(const int* begin, const int* end);
  void BlendStrand(const StrandTriangle& triangle, const int* pixels, const int* samples,
                   int count);
  void ShadeStrandFragments(size_t mesh);
  void Resolve();
  void ResolveEdge(const PixelSamples& pixel, int index, int x, int y);
  void AddFragment(int triangle, int index, int x, int y, int samples);
  Part PartOf(int id, int index) const;
  Part LabelOf(const PixelSamples& pixel, int index, int x, int y) const;
  float DepthOf(const PixelSamples& pixel) const;
  float WeightOf(int index, int samples) const;
  void ShadeFragments(size_t mesh);
  void LocateFragments(const Fragment* four, bool relief, int first);
  void SampleTextures(const Material& material, int count);
  void ShadeEye(int index, int x, int y, int side, int samples);
  void AddBackground(int index, F4 background, int samples);
  void WriteTile();
  void WriteBackground();
  F4 BackgroundAt(int y) const;

  Eigen::Vector3f RayOf(float x, float y) const {
    return {(x - center_x_) * inverse_focal_, (y - center_y_) * inverse_focal_, 1.0f};
  }

  const Scene* scene_ = nullptr;
  RenderOptions options_;
  RenderedFrame* frame_ = nullptr;
  float center_x_ = 0, center_y_ = 0, inverse_focal_ = 1;

  // Per frame.
  VertexScratch scratch_;
  std::vector<VertexRows> rows_;
  std::vector<ScreenVertex> screen_;
  std::vector<UsedVertices> used_;     // Of each mesh, then of each strand mesh.
  std::vector<size_t> first_vertex_;   // The same.
  std::vector<RasterTriangle> cover_;  // Visible triangles in the order of the scene.
  std::vector<ShadeTriangle> shade_;
  std::vector<std::array<simd::Row, 2>> gradients_;  // Dual basis of u and v.
  std::vector<int> source_;                          // Triangle of the mesh.
  std::vector<StrandTriangle> strand_triangles_;
  std::vector<StrandKey> strand_keys_;
  Bins bins_;
  Bins strand_bins_;
  ShadowMap shadow_;
  int shadowed_light_ = -1;
  Eigen::Vector3f light_direction_{0, 0, -1};
  float lift_mm_ = 0;
  std::vector<Reach> reach_;
  std::vector<std::uint8_t> near_edge_;
  shading::LightSet lights_;
  std::array<EyeShader::Bounds, 2> eye_bounds_{};

  // Per tile.
  raster::Box tile_{};
  std::array<PixelSamples, kTilePixels> pixels_{};
  std::array<simd::Row, kTilePixels> color_{};    // R, G, B, share hidden by strands.
  std::array<simd::Row, kTilePixels> through_{};  // What strands let through, by sample.
  std::array<Part, kTilePixels> strand_label_{};
  std::array<Part, kTilePixels> eye_part_{};
  std::array<EyeHit, kTilePixels> eye_hit_{};            // Of the pixel's centre,
  std::array<std::int8_t, kTilePixels> eye_hit_side_{};  // on this eye; −1: none is known.
  std::array<float, (kTile + 2) * (kTile + 2)> eye_inverse_z_{};
  bool blended_ = false;
  std::vector<std::vector<Fragment>> fragments_;  // By mesh.
  std::vector<std::vector<StrandFragment>> strand_fragments_;

  // Per batch of fragments.
  std::array<shading::SurfacePoints, kBatch / 4> points_{};
  std::array<float, kBatch> u_{};
  std::array<float, kBatch> v_{};
  std::array<float, kBatch> uv_per_pixel_{};
  std::array<Texture::Footprint, kBatch> footprints_{};
};

void Renderer::Impl::BuildVertices() {
  rows_.clear();
  screen_.clear();
  first_vertex_.clear();
  used_.resize(scene_->meshes.size() + scene_->strands.size());
  size_t i = 0;
  const auto add = [&](const auto& mesh) {
    used_[i].Find(*mesh.topology, mesh.positions.size());
    first_vertex_.push_back(rows_.size());
    AppendRows(mesh, used_[i], &scratch_, &rows_);
    ProjectVertices(scene_->camera, mesh.positions, used_[i], &screen_);
    ++i;
  };
  for (const Mesh& mesh : scene_->meshes) add(mesh);
  for (const StrandMesh& mesh : scene_->strands) add(mesh);
}

void Renderer::Impl::BuildTriangles() {
  cover_.clear();
  shade_.clear();
  gradients_.clear();
  source_.clear();
  for (size_t m = 0; m < scene_->meshes.size(); ++m) {
    const Mesh& mesh = scene_->meshes[m];
    const MeshTopology& topology = *mesh.topology;
    const int first = static_cast<int>(first_vertex_[m]);
    const std::vector<int>& place = used_[m].place;
    const bool relief = mesh.material->relief_texture != nullptr;
    for (size_t t = 0; t < topology.triangles.size(); ++t) {
      std::array<int, 3> index = topology.triangles[t];
      for (int& vertex : index) vertex = first + place[vertex];
      RasterTriangle cover;
      ShadeTriangle shade;
      if (!SetUpTriangle(scene_->camera, screen_.data(), index, mesh.two_sided, &cover, &shade)) {
        continue;
      }
      shade.mesh = static_cast<std::int16_t>(m);
      shade.part = topology.parts[t];
      cover_.push_back(cover);
      shade_.push_back(shade);
      source_.push_back(static_cast<int>(t));
      gradients_.emplace_back();
      if (!relief) continue;
      // Δp = Δu · U + Δv · V on the triangle. Relief slopes are per mm along U and V; the surface
      // gradient is made of the basis dual to the unit vectors.
      const auto& [a, b, c] = topology.triangles[t];
      const Eigen::Vector3f ab = mesh.positions[b] - mesh.positions[a];
      const Eigen::Vector3f ac = mesh.positions[c] - mesh.positions[a];
      const Eigen::Vector2f uv_b = topology.uv[b] - topology.uv[a];
      const Eigen::Vector2f uv_c = topology.uv[c] - topology.uv[a];
      const float side = uv_b.x() * uv_c.y() - uv_b.y() * uv_c.x() < 0 ? -1.0f : 1.0f;
      Eigen::Vector3f along_u = (ab * uv_c.y() - ac * uv_b.y()) * side;
      Eigen::Vector3f along_v = (ac * uv_b.x() - ab * uv_c.x()) * side;
      const float length_u = along_u.norm();
      const float length_v = along_v.norm();
      if (!(length_u > 0 && length_v > 0)) continue;
      along_u /= length_u;
      along_v /= length_v;
      const float cosine = along_u.dot(along_v);
      const float scale = 1.0f / std::max(1.0f - cosine * cosine, 0.05f);
      const Eigen::Vector3f dual_u = (along_u - cosine * along_v) * scale;
      const Eigen::Vector3f dual_v = (along_v - cosine * along_u) * scale;
      gradients_.back() = {simd::Row{{dual_u.x(), dual_u.y(), dual_u.z(), 0}},
                           simd::Row{{dual_v.x(), dual_v.y(), dual_v.z(), 0}}};
    }
  }
}

void Renderer::Impl::BuildStrands() {
  // Front to back by the depth of the middle; the order in the scene decides between equals.
  strand_keys_.clear();
  for (size_t m = 0; m < scene_->strands.size(); ++m) {
    const StrandMesh& mesh = scene_->strands[m];
    const std::vector<std::array<int, 3>>& triangles = mesh.topology->triangles;
    for (size_t t = 0; t < triangles.size(); ++t) {
      const auto& [a, b, c] = triangles[t];
      strand_keys_.push_back({mesh.positions[a].z() + mesh.positions[b].z() + mesh.positions[c].z(),
                              static_cast<int>(m), static_cast<int>(t)});
    }
  }
  std::sort(strand_keys_.begin(), strand_keys_.end());
  strand_triangles_.clear();
  for (const StrandKey& key : strand_keys_) {
    const StrandMesh& mesh = scene_->strands[key.mesh];
    const MeshTopology& topology = *mesh.topology;
    const int first = static_cast<int>(first_vertex_[scene_->meshes.size() + key.mesh]);
    const std::vector<int>& place = used_[scene_->meshes.size() + key.mesh].place;
    std::array<int, 3> index = topology.triangles[key.triangle];
    for (int& vertex : index) vertex = first + place[vertex];
    StrandTriangle& triangle = strand_triangles_.emplace_back();
    if (!SetUpTriangle(scene_->camera, screen_.data(), index, true, &triangle.cover,
                       &triangle.shade)) {
      strand_triangles_.pop_back();
      continue;
    }
    triangle.shade.mesh = static_cast<std::int16_t>(key.mesh);
    triangle.shade.part = topology.parts[key.triangle];
    for (int i = 0; i < 3; ++i) triangle.surface[i] = rows_[triangle.shade.vertex[i]].surface;
    triangle.texels_per_pixel = 0;
    if (mesh.texture) {
      const auto& [a, b, c] = topology.triangles[key.triangle];
      const Eigen::Vector2f uv_b = topology.uv[b] - topology.uv[a];
      const Eigen::Vector2f uv_c = topology.uv[c] - topology.uv[a];
      const float uv_area = std::abs(uv_b.x() * uv_c.y() - uv_b.y() * uv_c.x());
      const raster::Corners& at = triangle.cover.corners;
      const float pixel_area =
          static_cast<float>(std::int64_t{at.x[1] - at.x[0]} * (at.y[2] - at.y[0]) -
                             std::int64_t{at.y[1] - at.y[0]} * (at.x[2] - at.x[0])) /
          (raster::kSubpixels * raster::kSubpixels);
      triangle.texels_per_pixel =
          std::sqrt(uv_area / pixel_area * static_cast<float>(mesh.texture->width()) *
                    static_cast<float>(mesh.texture->height()));
    }
  }
}

void Renderer::Impl::BuildShadows() {
  shadowed_light_ = -1;
  if (!options_.shadows) return;
  const std::vector<DirectionalLight>& lights = scene_->lighting.lights;
  for (size_t i = 0; i < lights.size() && shadowed_light_ < 0; ++i) {
    if (lights[i].casts_shadow) shadowed_light_ = static_cast<int>(i);
  }
  if (shadowed_light_ < 0) return;
  const Eigen::Vector3f direction = lights[shadowed_light_].direction.normalized();
  light_direction_ = direction;
  shadow_.Build(*scene_, used_, direction);
  lift_mm_ = kLiftMm + kLiftTexels * shadow_.texel_mm();

  AskVertices();
  MarkPenumbra();
}

void Renderer::Impl::AskVertices() {
  // Visibility at the vertices that are drawn, interpolated where it does not change.
  reach_.assign(rows_.size(), Reach::kUnseen);
  for (const ShadeTriangle& triangle : shade_) {
    for (const int vertex : triangle.vertex) reach_[vertex] = Reach::kAway;
  }
  F4 place[3] = {};
  F4 normal[3] = {};
  float* answers[4];
  int count = 0;
  const auto ask = [&](float lift_mm) {
    F4 visibility = {};
    shadow_.Visibility(place, normal, lift_mm, (1 << count) - 1, &visibility);
    for (int i = 0; i < count; ++i) *answers[i] = visibility[i];
    count = 0;
  };
  for (size_t m = 0; m < scene_->meshes.size(); ++m) {
    const Mesh& mesh = scene_->meshes[m];
    const std::vector<int>& vertices = used_[m].vertices;
    for (size_t i = 0; i < vertices.size(); ++i) {
      const size_t vertex = first_vertex_[m] + i;
      if (reach_[vertex] == Reach::kUnseen) continue;
      const float* n = rows_[vertex].normal.v;
      float* answer = &rows_[vertex].surface.v[3];
      // Surfaces that turn their back to the light are not worth looking.
      if (!mesh.two_sided &&
          n[0] * light_direction_[0] + n[1] * light_direction_[1] + n[2] * light_direction_[2] <
              -kLightsBehind) {
        *answer = 0;
        continue;
      }
      reach_[vertex] = Reach::kSome;
      for (int c = 0; c < 3; ++c) {
        place[c][count] = mesh.positions[vertices[i]][c];
        normal[c][count] = n[c];
      }
      answers[count] = answer;
      if (++count == 4) ask(lift_mm_);
    }
  }
  ask(lift_mm_);
  for (size_t i = 0; i < rows_.size(); ++i) {
    if (reach_[i] != Reach::kSome) continue;
    const float visibility = rows_[i].surface.v[3];
    if (visibility <= 0) reach_[i] = Reach::kDark;
    if (visibility >= 1) reach_[i] = Reach::kLit;
  }

  std::fill_n(normal, 3, F4{});
  for (size_t m = 0; m < scene_->strands.size(); ++m) {
    const StrandMesh& mesh = scene_->strands[m];
    size_t row = first_vertex_[scene_->meshes.size() + m];
    for (const int vertex : used_[scene_->meshes.size() + m].vertices) {
      for (int c = 0; c < 3; ++c) {
        place[c][count] = mesh.positions[vertex][c] + kStrandLiftMm * light_direction_[c];
      }
      answers[count] = &rows_[row++].detail.v[3];
      if (++count == 4) ask(0);
    }
  }
  ask(0);
}

void Renderer::Impl::MarkPenumbra() {
  // Between vertices that are all lit or all dark nothing changes; elsewhere, and one ring further,
  // each pixel asks the map itself.
  near_edge_.assign(rows_.size(), 0);
  for (const ShadeTriangle& triangle : shade_) {
    int kinds = 0;
    for (const int vertex : triangle.vertex) kinds |= 1 << static_cast<int>(reach_[vertex]);
    constexpr int kSome = 1 << static_cast<int>(Reach::kSome);
    constexpr int kBoth = 1 << static_cast<int>(Reach::kDark) | 1 << static_cast<int>(Reach::kLit);
    if ((kinds & kSome) == 0 && (kinds & kBoth) != kBoth) continue;
    for (const int vertex : triangle.vertex) near_edge_[vertex] = 1;
  }
  const float longest_mm = 4.0f * shadow_.RadiusMm();
  for (size_t i = 0; i < shade_.size(); ++i) {
    ShadeTriangle& triangle = shade_[i];
    const Mesh& mesh = scene_->meshes[triangle.mesh];
    const auto& [a, b, c] = mesh.topology->triangles[source_[i]];
    const std::vector<Eigen::Vector3f>& p = mesh.positions;
    // The back of a two-sided surface has the other normal.
    const bool back = triangle.reference[3] < 0;
    const bool large = std::max({(p[a] - p[b]).squaredNorm(), (p[b] - p[c]).squaredNorm(),
                                 (p[c] - p[a]).squaredNorm()}) > longest_mm * longest_mm;
    triangle.penumbra = back || large || near_edge_[triangle.vertex[0]] != 0 ||
                        near_edge_[triangle.vertex[1]] != 0 || near_edge_[triangle.vertex[2]] != 0;
  }
}

void Renderer::Impl::Render(const Scene& scene, const RenderOptions& options,
                            RenderedFrame* frame) {
  Validate(scene);
  const Camera& camera = scene.camera;
  Prepare(camera.height_px, camera.width_px, CV_32FC3, &frame->linear);
  if (options.labels) {
    Prepare(camera.height_px, camera.width_px, CV_8U, &frame->labels);
  } else {
    frame->labels.release();
  }
  if (options.depth) {
    Prepare(camera.height_px, camera.width_px, CV_32F, &frame->depth_mm);
  } else {
    frame->depth_mm.release();
  }
  scene_ = &scene;
  options_ = options;
  frame_ = frame;
  center_x_ = static_cast<float>(camera.principal_px.x());
  center_y_ = static_cast<float>(camera.principal_px.y());
  inverse_focal_ = static_cast<float>(1.0 / camera.focal_px);

  BuildVertices();
  BuildTriangles();
  BuildStrands();
  BuildShadows();
  lights_.Set(scene.lighting, shadowed_light_);
  fragments_.resize(std::max(fragments_.size(), scene.meshes.size()));
  strand_fragments_.resize(std::max(strand_fragments_.size(), scene.strands.size()));
  for (int side = 0; side < 2; ++side) {
    eye_bounds_[side] = {0, 0, -1, -1};
    if (scene.eyes[side]) eye_bounds_[side] = scene.eyes[side]->PixelBounds(camera);
  }

  const int tiles_x = (camera.width_px + kTile - 1) / kTile;
  const int tiles_y = (camera.height_px + kTile - 1) / kTile;
  bins_.Fill(cover_, tiles_x, tiles_y, [](const RasterTriangle& triangle) { return triangle.box; });
  strand_bins_.Fill(strand_triangles_, tiles_x, tiles_y,
                    [](const StrandTriangle& triangle) { return triangle.cover.box; });
  for (int y = 0; y < tiles_y; ++y) {
    for (int x = 0; x < tiles_x; ++x) RenderTile(x, y, y * tiles_x + x);
  }
}

void Renderer::Impl::RenderTile(int tile_x, int tile_y, int tile) {
  const Camera& camera = scene_->camera;
  tile_ = {tile_x * kTile, tile_y * kTile, std::min((tile_x + 1) * kTile, camera.width_px) - 1,
           std::min((tile_y + 1) * kTile, camera.height_px) - 1};
  bool eye_here[2];
  for (int side = 0; side < 2; ++side) {
    const EyeShader::Bounds& bounds = eye_bounds_[side];
    eye_here[side] = bounds.left <= tile_.right && bounds.right >= tile_.left &&
                     bounds.top <= tile_.bottom && bounds.bottom >= tile_.top &&
                     bounds.left <= bounds.right && bounds.top <= bounds.bottom;
  }
  if (bins_.empty(tile) && strand_bins_.empty(tile) && !eye_here[0] && !eye_here[1]) {
    WriteBackground();
    return;
  }
  blended_ = !strand_bins_.empty(tile);
  color_.fill({});
  pixels_.fill({F4{}, simd::SplatInt(kNothing)});
  CoverOpaque(bins_.begin(tile), bins_.end(tile));
  if (eye_here[0] || eye_here[1]) eye_hit_side_.fill(-1);
  for (int side = 0; side < 2; ++side) {
    if (eye_here[side]) CoverEye(side);
  }
  if (blended_) CoverStrands(strand_bins_.begin(tile), strand_bins_.end(tile));
  Resolve();
  if (blended_) {
    for (size_t mesh = 0; mesh < scene_->strands.size(); ++mesh) ShadeStrandFragments(mesh);
  }
  for (size_t mesh = 0; mesh < scene_->meshes.size(); ++mesh) ShadeFragments(mesh);
  WriteTile();
}

void Renderer::Impl::CoverOpaque(const int* begin, const int* end) {
  const F4 sample_x = simd::ToFloat(I4{raster::kSampleX[0], raster::kSampleX[1],
                                       raster::kSampleX[2], raster::kSampleX[3]}) /
                      raster::kSubpixels;
  const F4 sample_y = simd::ToFloat(I4{raster::kSampleY[0], raster::kSampleY[1],
                                       raster::kSampleY[2], raster::kSampleY[3]}) /
                      raster::kSubpixels;
  for (const int* entry = begin; entry != end; ++entry) {
    const RasterTriangle& triangle = cover_[*entry];
    const raster::Box box = raster::Intersection(triangle.box, tile_);
    const I4 id = simd::SplatInt(*entry);
    const F4 origin = triangle.z + triangle.z_x * sample_x + triangle.z_y * sample_y;
    const auto emit = [&](int x, int y, I4 mask) {
      PixelSamples& pixel = pixels_[(y - tile_.top) * kTile + (x - tile_.left)];
      const F4 inverse_z = origin + (triangle.z_x * static_cast<float>(x - triangle.reference_x) +
                                     triangle.z_y * static_cast<float>(y - triangle.reference_y));
      mask &= inverse_z > pixel.inverse_z;
      pixel.inverse_z = simd::Select(mask, inverse_z, pixel.inverse_z);
      pixel.id = simd::Select(mask, id, pixel.id);
    };
    if (triangle.small) {
      raster::CoverSmall(triangle.corners, box, emit);
    } else {
      raster::CoverLarge(triangle.corners, box, emit);
    }
  }
}

void Renderer::Impl::CoverEye(int side) {
  const EyeShader& eye = *scene_->eyes[side];
  const EyeShader::Bounds& bounds = eye_bounds_[side];
  const raster::Box box =
      raster::Intersection(tile_, {bounds.left, bounds.top, bounds.right, bounds.bottom});
  constexpr int kStride = kTile + 2;
  const auto centre_at = [&](int x, int y) -> float& {
    return eye_inverse_z_[(y - tile_.top + 1) * kStride + (x - tile_.left + 1)];
  };
  for (int y = box.top - 1; y <= box.bottom + 1; ++y) {
    for (int x = box.left - 1; x <= box.right + 1; ++x) {
      const std::optional<EyeHit> hit =
          eye.Intersect(RayOf(static_cast<float>(x), static_cast<float>(y)));
      centre_at(x, y) = hit ? 1.0f / hit->depth_mm : 0.0f;
      if (hit && x >= box.left && x <= box.right && y >= box.top && y <= box.bottom) {
        const int index = (y - tile_.top) * kTile + (x - tile_.left);
        eye_part_[index] = hit->part;
        eye_hit_[index] = *hit;
        eye_hit_side_[index] = static_cast<std::int8_t>(side);
      }
    }
  }
  for (int y = box.top; y <= box.bottom; ++y) {
    for (int x = box.left; x <= box.right; ++x) {
      const int index = (y - tile_.top) * kTile + (x - tile_.left);
      const float centre = centre_at(x, y);
      const float left = centre_at(x - 1, y);
      const float right = centre_at(x + 1, y);
      const float above = centre_at(x, y - 1);
      const float below = centre_at(x, y + 1);
      F4 inverse_z = {};
      if (centre > 0 && left > 0 && right > 0 && above > 0 && below > 0) {
        for (int s = 0; s < 4; ++s) {
          inverse_z[s] =
              centre + (0.5f / raster::kSubpixels) * ((right - left) * raster::kSampleX[s] +
                                                      (below - above) * raster::kSampleY[s]);
        }
      } else if (centre > 0 || left > 0 || right > 0 || above > 0 || below > 0) {
        for (int s = 0; s < 4; ++s) {
          const std::optional<EyeHit> hit = eye.Intersect(
              RayOf(static_cast<float>(x) + raster::kSampleX[s] * (1.0f / raster::kSubpixels),
                    static_cast<float>(y) + raster::kSampleY[s] * (1.0f / raster::kSubpixels)));
          if (!hit) continue;
          inverse_z[s] = 1.0f / hit->depth_mm;
          if (!(centre > 0)) eye_part_[index] = hit->part;
        }
      }
      PixelSamples& pixel = pixels_[index];
      const I4 mask = inverse_z > pixel.inverse_z;
      pixel.inverse_z = simd::Select(mask, inverse_z, pixel.inverse_z);
      pixel.id = simd::Select(mask, simd::SplatInt(kFirstEye - side), pixel.id);
    }
  }
}

void Renderer::Impl::CoverStrands(const int* begin, const int* end) {
  through_.fill({{1, 1, 1, 1}});
  strand_label_.fill(Part::kBackground);
  const F4 sample_x = simd::ToFloat(I4{raster::kSampleX[0], raster::kSampleX[1],
                                       raster::kSampleX[2], raster::kSampleX[3]}) /
                      raster::kSubpixels;
  const F4 sample_y = simd::ToFloat(I4{raster::kSampleY[0], raster::kSampleY[1],
                                       raster::kSampleY[2], raster::kSampleY[3]}) /
                      raster::kSubpixels;
  for (const int* entry = begin; entry != end; ++entry) {
    const StrandTriangle& triangle = strand_triangles_[*entry];
    const RasterTriangle& cover = triangle.cover;
    if (entry + 2 < end) {
      const char* next = reinterpret_cast<const char*>(&strand_triangles_[entry[2]]);
      for (size_t i = 0; i < sizeof(StrandTriangle); i += 64) __builtin_prefetch(next + i);
    }
    const raster::Box box = raster::Intersection(cover.box, tile_);
    const F4 origin = cover.z + cover.z_x * sample_x + cover.z_y * sample_y;
    int pixels[4];
    int samples[4];
    int count = 0;
    const auto emit = [&](int x, int y, I4 mask) {
      const int index = (y - tile_.top) * kTile + (x - tile_.left);
      const F4 inverse_z = origin + (cover.z_x * static_cast<float>(x - cover.reference_x) +
                                     cover.z_y * static_cast<float>(y - cover.reference_y));
      mask &= (inverse_z > pixels_[index].inverse_z) & (simd::Load(through_[index]) > 0.0f);
      const int bits = simd::MaskBits(mask);
      if (bits == 0) return;
      pixels[count] = index;
      samples[count] = bits;
      if (++count == 4) {
        BlendStrand(triangle, pixels, samples, 4);
        count = 0;
      }
    };
    if (cover.small) {
      raster::CoverSmall(cover.corners, box, emit);
    } else {
      raster::CoverLarge(cover.corners, box, emit);
    }
    if (count > 0) BlendStrand(triangle, pixels, samples, count);
  }
}

void Renderer::Impl::BlendStrand(const StrandTriangle& triangle, const int* pixels,
                                 const int* samples, int count) {
  const StrandMesh& mesh = scene_->strands[triangle.shade.mesh];
  const ShadeTriangle& shade = triangle.shade;
  F4 x;
  F4 y;
  for (int i = 0; i < 4; ++i) {
    const int index = pixels[i < count ? i : 0];
    x[i] = static_cast<float>(tile_.left + index % kTile);
    const int row = index / kTile;
    y[i] = static_cast<float>(tile_.top + row);
  }
  // At the pixel's centre, but within the triangle: beyond its edge the texture shows another
  // strand.
  const F4 dx = x - shade.reference[0];
  const F4 dy = y - shade.reference[1];
  F4 b1 = simd::Saturate(shade.b1[0] + shade.b1[1] * dx + shade.b1[2] * dy);
  F4 b2 = simd::Saturate(shade.b2[0] + shade.b2[1] * dx + shade.b2[2] * dy);
  const F4 excess = simd::Max(b1 + b2, simd::Splat(1.0f));
  b1 /= excess;
  b2 /= excess;
  const F4 q0 = (1.0f - b1 - b2) * shade.b1[3];
  const F4 q1 = b1 * shade.b2[3];
  const F4 q2 = b2 * shade.reference[2];
  const F4 z = 1.0f / (q0 + q1 + q2);
  const F4 w0 = q0 * z;
  const F4 w1 = q1 * z;
  const F4 w2 = q2 * z;
  const auto at = [&](int i) {
    return w0 * triangle.surface[0].v[i] + w1 * triangle.surface[1].v[i] +
           w2 * triangle.surface[2].v[i];
  };

  F4 alpha = at(2);
  F4 modulation[4];
  if (mesh.texture) {
    float u[4];
    float v[4];
    float texels[4];
    float sample[16];
    simd::Store(u, at(0));
    simd::Store(v, at(1));
    simd::Store(texels, simd::Splat(triangle.texels_per_pixel));
    Texture::Footprint footprints[4];
    mesh.texture->Locate(u, v, texels, 4, footprints);
    mesh.texture->Fetch(footprints, 4, sample);
    for (int i = 0; i < 4; ++i) modulation[i] = simd::Load(sample + 4 * i);
    simd::Transpose(&modulation[0], &modulation[1], &modulation[2], &modulation[3]);
    alpha *= modulation[3];
  } else {
    std::fill_n(modulation, 3, simd::Splat(1.0f));
  }
  alpha = simd::Saturate(alpha);
  for (int i = 0; i < count; ++i) {
    if (alpha[i] < kFaint) continue;
    const int index = pixels[i];
    const F4 through = simd::Load(through_[index]);
    F4 taken = simd::And(MaskOf(samples[i]), through * alpha[i]);
    // Who leaves next to nothing takes it all.
    taken = simd::Select((through - taken < kRest) & (taken > 0.0f), through, taken);
    const float weight = 0.25f * simd::Sum(taken);
    if (weight < kFaint) continue;
    simd::Store(&through_[index], through - taken);
    color_[index].v[3] += weight;
    if (color_[index].v[3] > 0.5f && strand_label_[index] == Part::kBackground) {
      strand_label_[index] = shade.part;
    }
    // Written in place: a copy of what has just been stored in pieces has to wait for the stores.
    StrandFragment& fragment = strand_fragments_[shade.mesh].emplace_back();
    fragment.vertex = shade.vertex;
    fragment.pixel = index;
    fragment.weight = weight;
    fragment.w1 = w1[i];
    fragment.w2 = w2[i];
    fragment.red = modulation[0][i];
    fragment.green = modulation[1][i];
    fragment.blue = modulation[2][i];
  }
  if (strand_fragments_[shade.mesh].size() >= kFlush) ShadeStrandFragments(shade.mesh);
}

void Renderer::Impl::ShadeStrandFragments(size_t mesh_index) {
  std::vector<StrandFragment>& fragments = strand_fragments_[mesh_index];
  if (fragments.empty()) return;
  while (fragments.size() % 4 != 0) {
    fragments.push_back(fragments.back());
    fragments.back().weight = 0;
  }
  const StrandMesh& mesh = scene_->strands[mesh_index];
  shading::StrandPoints points{};
  points.mean_modulation =
      mesh.texture ? mesh.texture->Sample(0.5f, 0.5f, 1e9f).head<3>().mean() : 1.0f;
  for (size_t i = 0; i < fragments.size(); i += 4) {
    F4 normal[4];
    F4 detail[4];
    F4 modulation[4];
    F4 x;
    F4 y;
    for (int lane = 0; lane < 4; ++lane) {
      const StrandFragment& fragment = fragments[i + lane];
      const VertexRows& v0 = rows_[fragment.vertex[0]];
      const VertexRows& v1 = rows_[fragment.vertex[1]];
      const VertexRows& v2 = rows_[fragment.vertex[2]];
      const F4 w0 = simd::Splat(1.0f - fragment.w1 - fragment.w2);
      const F4 w1 = simd::Splat(fragment.w1);
      const F4 w2 = simd::Splat(fragment.w2);
      normal[lane] =
          w0 * simd::Load(v0.normal) + w1 * simd::Load(v1.normal) + w2 * simd::Load(v2.normal);
      detail[lane] =
          w0 * simd::Load(v0.detail) + w1 * simd::Load(v1.detail) + w2 * simd::Load(v2.detail);
      modulation[lane] = F4{fragment.red, fragment.green, fragment.blue, 0};
      const int row = fragment.pixel / kTile;
      x[lane] = static_cast<float>(tile_.left + fragment.pixel % kTile);
      y[lane] = static_cast<float>(tile_.top + row);
    }
    simd::Transpose(&normal[0], &normal[1], &normal[2], &normal[3]);
    simd::Transpose(&detail[0], &detail[1], &detail[2], &detail[3]);
    simd::Transpose(&modulation[0], &modulation[1], &modulation[2], &modulation[3]);
    points.ray_x = (x - center_x_) * inverse_focal_;
    points.ray_y = (y - center_y_) * inverse_focal_;
    std::copy_n(normal, 3, points.normal);
    std::copy_n(detail, 3, points.tangent);
    std::copy_n(modulation, 3, points.modulation);
    points.occlusion = normal[3];
    points.visibility = detail[3];
    F4 color[4];
    shading::ShadeStrand(mesh, lights_, points, color);
    color[3] = F4{};
    simd::Transpose(&color[0], &color[1], &color[2], &color[3]);
    for (int lane = 0; lane < 4; ++lane) {
      simd::Row* sum = &color_[fragments[i + lane].pixel];
      simd::Store(sum, simd::Load(*sum) + color[lane] * fragments[i + lane].weight);
    }
  }
  fragments.clear();
}

Part Renderer::Impl::PartOf(int id, int index) const {
  if (id >= 0) return shade_[id].part;
  return id == kNothing ? Part::kBackground : eye_part_[index];
}

Part Renderer::Impl::LabelOf(const PixelSamples& pixel, int index, int x, int y) const {
  Part parts[4];
  for (int s = 0; s < 4; ++s) parts[s] = PartOf(pixel.id[s], index);
  if (parts[0] == parts[1] && parts[0] == parts[2] && parts[0] == parts[3]) return parts[0];
  int most = 0;
  Part label = parts[0];
  bool tied = false;
  for (int s = 0; s < 4; ++s) {
    const int count = static_cast<int>(std::count(parts, parts + 4, parts[s]));
    if (count > most) {
      most = count;
      label = parts[s];
      tied = false;
    } else if (count == most && parts[s] != label) {
      tied = true;
    }
  }
  if (!tied) return label;
  // The centre decides: what of the pixel's surfaces is nearest there.
  float nearest = 0;
  Part centre = Part::kBackground;
  bool found = false;
  for (int s = 0; s < 4; ++s) {
    const int id = pixel.id[s];
    float inverse_z = 0;
    if (id >= 0) {
      const RasterTriangle& triangle = cover_[id];
      if (!raster::CoversCentre(triangle.corners, x, y)) continue;
      inverse_z = triangle.z + triangle.z_x * static_cast<float>(x - triangle.reference_x) +
                  triangle.z_y * static_cast<float>(y - triangle.reference_y);
    } else if (id != kNothing) {
      const std::optional<EyeHit> hit = scene_->eyes[kFirstEye - id]->Intersect(
          RayOf(static_cast<float>(x), static_cast<float>(y)));
      if (!hit) continue;
      inverse_z = 1.0f / hit->depth_mm;
    }
    if (!found || inverse_z > nearest) {
      found = true;
      nearest = inverse_z;
      centre = parts[s];
    }
  }
  return found ? centre : label;
}

float Renderer::Impl::DepthOf(const PixelSamples& pixel) const {
  // Samples of one mesh belong together, so that the edges within it do not matter.
  int owner[4];
  for (int s = 0; s < 4; ++s) {
    owner[s] = pixel.id[s] >= 0 ? shade_[pixel.id[s]].mesh : pixel.id[s];
  }
  int most = 0;
  float depth = 0;
  for (int s = 0; s < 4; ++s) {
    int count = 0;
    float sum = 0;
    for (int t = 0; t < 4; ++t) {
      if (owner[t] != owner[s]) continue;
      ++count;
      sum += pixel.inverse_z[t];
    }
    const float here = sum > 0 ? static_cast<float>(count) / sum : 0.0f;
    // Of two halves the nearer.
    if (count > most || (count == most && here > 0 && (depth == 0 || here < depth))) {
      most = count;
      depth = here;
    }
  }
  return depth;
}

float Renderer::Impl::WeightOf(int index, int samples) const {
  constexpr float kShare[16] = {0,     0.25f, 0.25f, 0.5f,  0.25f, 0.5f,  0.5f,  0.75f,
                                0.25f, 0.5f,  0.5f,  0.75f, 0.5f,  0.75f, 0.75f, 1};
  if (!blended_) return kShare[samples];
  return 0.25f * simd::Sum(simd::And(MaskOf(samples), simd::Load(through_[index])));
}

void Renderer::Impl::AddFragment(int triangle, int index, int x, int y, int samples) {
  const float weight = WeightOf(index, samples);
  if (weight <= 0.0f) return;
  // Written in place, as in BlendStrand.
  std::vector<Fragment>& fragments = fragments_[shade_[triangle].mesh];
  Fragment& fragment = fragments.emplace_back();
  fragment.triangle = triangle;
  fragment.pixel = index;
  fragment.weight = weight;
  fragment.x = static_cast<float>(x) + kCentroidX[samples];
  fragment.y = static_cast<float>(y) + kCentroidY[samples];
  if (fragments.size() >= kFlush) ShadeFragments(shade_[triangle].mesh);
}

void Renderer::Impl::AddBackground(int index, F4 background, int samples) {
  simd::Store(&color_[index], simd::Load(color_[index]) + background * WeightOf(index, samples));
}

F4 Renderer::Impl::BackgroundAt(int y) const {
  const float t =
      static_cast<float>(y) / static_cast<float>(std::max(1, scene_->camera.height_px - 1));
  const Eigen::Vector3f color =
      scene_->background.top + t * (scene_->background.bottom - scene_->background.top);
  return F4{color[0], color[1], color[2], 0};
}

void Renderer::Impl::Resolve() {
  for (int y = tile_.top; y <= tile_.bottom; ++y) {
    std::uint8_t* labels = options_.labels ? frame_->labels.ptr<std::uint8_t>(y) : nullptr;
    float* depths = options_.depth ? frame_->depth_mm.ptr<float>(y) : nullptr;
    const F4 background = BackgroundAt(y);
    for (int x = tile_.left; x <= tile_.right; ++x) {
      const int index = (y - tile_.top) * kTile + (x - tile_.left);
      const PixelSamples& pixel = pixels_[index];
      const int first = pixel.id[0];
      const bool whole = simd::MaskBits(pixel.id == simd::SplatInt(first)) == 15;
      if (!whole) {
        ResolveEdge(pixel, index, x, y);
      } else if (first >= 0) {
        AddFragment(first, index, x, y, 15);
      } else if (first == kNothing) {
        AddBackground(index, background, 15);
      } else {
        ShadeEye(index, x, y, kFirstEye - first, 15);
      }
      if (labels != nullptr) {
        const Part part = blended_ && strand_label_[index] != Part::kBackground
                              ? strand_label_[index]
                          : whole ? PartOf(first, index)
                                  : LabelOf(pixel, index, x, y);
        labels[x] = static_cast<std::uint8_t>(part);
      }
      if (depths != nullptr) depths[x] = DepthOf(pixel);
    }
  }
}

void Renderer::Impl::ResolveEdge(const PixelSamples& pixel, int index, int x, int y) {
  int same[4];
  int left = 15;
  for (int s = 0; s < 4; ++s) {
    same[s] = simd::MaskBits(pixel.id == simd::SplatInt(pixel.id[s]));
  }
  while (left != 0) {
    // The triangle with most samples first.
    int lead = -1;
    for (int s = 0; s < 4; ++s) {
      if ((left >> s & 1) != 0 && (lead < 0 || kBitCount[same[s]] > kBitCount[same[lead]])) {
        lead = s;
      }
    }
    const int id = pixel.id[lead];
    int group = same[lead] & left;
    if (id == kNothing) {
      AddBackground(index, BackgroundAt(y), group);
    } else if (id < 0) {
      ShadeEye(index, x, y, kFirstEye - id, group);
    } else {
      // Triangles that go on where this one ends need not be shaded again: same mesh and part, and
      // within a pixel's width of its plane.
      const RasterTriangle& triangle = cover_[id];
      const ShadeTriangle& shade = shade_[id];
      const float here = triangle.z + triangle.z_x * static_cast<float>(x - triangle.reference_x) +
                         triangle.z_y * static_cast<float>(y - triangle.reference_y);
      for (int s = 0; s < 4; ++s) {
        if ((left & ~group & 1 << s) == 0 || pixel.id[s] < 0) continue;
        const ShadeTriangle& other = shade_[pixel.id[s]];
        if (other.mesh != shade.mesh || other.part != shade.part ||
            other.reference[3] != shade.reference[3]) {
          continue;
        }
        const float expected =
            here + (triangle.z_x * raster::kSampleX[s] + triangle.z_y * raster::kSampleY[s]) *
                       (1.0f / raster::kSubpixels);
        if (std::abs(pixel.inverse_z[s] - expected) < 0.75f * inverse_focal_ * expected) {
          group |= 1 << s;
        }
      }
      AddFragment(id, index, x, y, group);
    }
    left &= ~group;
  }
}

void Renderer::Impl::ShadeEye(int index, int x, int y, int side, int samples) {
  const float weight = WeightOf(index, samples);
  if (weight <= 0.0f) return;
  const EyeShader& eye = *scene_->eyes[side];
  float at_x = static_cast<float>(x);
  float at_y = static_cast<float>(y);
  if (samples != 15) {
    at_x += kCentroidX[samples];
    at_y += kCentroidY[samples];
  }
  Eigen::Vector3f ray = RayOf(at_x, at_y);
  std::optional<EyeHit> hit;
  if (samples == 15 && eye_hit_side_[index] == side) {
    hit = eye_hit_[index];
  } else {
    hit = eye.Intersect(ray);
  }
  for (int s = 0; s < 4 && !hit; ++s) {
    if ((samples >> s & 1) == 0) continue;
    ray = RayOf(static_cast<float>(x) + raster::kSampleX[s] * (1.0f / raster::kSubpixels),
                static_cast<float>(y) + raster::kSampleY[s] * (1.0f / raster::kSubpixels));
    hit = eye.Intersect(ray);
  }
  if (!hit) {
    ray = RayOf(static_cast<float>(x), static_cast<float>(y));
    hit = eye.Intersect(ray);
  }
  if (!hit) return;
  // The eyes' visibility is meant for the first light; they cast no shadow themselves.
  float visibility = 1;
  if (shadowed_light_ == 0) {
    visibility = shadow_.Visibility(hit->depth_mm * ray + kEyeLiftMm * light_direction_,
                                    Eigen::Vector3f::Zero(), 0);
  }
  const Eigen::Vector3f color =
      eye.Shade(ray, *hit, hit->depth_mm * inverse_focal_, visibility, scene_->lighting);
  const F4 added = {color[0] * weight, color[1] * weight, color[2] * weight, 0};
  simd::Store(&color_[index], simd::Load(color_[index]) + added);
}

void Renderer::Impl::ShadeFragments(size_t mesh_index) {
  std::vector<Fragment>& fragments = fragments_[mesh_index];
  if (fragments.empty()) return;
  const Mesh& mesh = scene_->meshes[mesh_index];
  const Material& material = *mesh.material;
  const bool relief = material.relief_texture != nullptr;
  while (fragments.size() % 4 != 0) {
    fragments.push_back(fragments.back());
    fragments.back().weight = 0;
  }
  for (size_t i = 0; i < fragments.size(); i += kBatch) {
    const int count = static_cast<int>(std::min<size_t>(kBatch, fragments.size() - i));
    for (int j = 0; j < count; j += 4) LocateFragments(&fragments[i + j], relief, j);
    SampleTextures(material, count);
    for (int j = 0; j < count; j += 4) {
      F4 color[4];
      shading::ShadeSurface(material, lights_, points_[j / 4], color);
      color[3] = F4{};
      simd::Transpose(&color[0], &color[1], &color[2], &color[3]);
      for (int lane = 0; lane < 4; ++lane) {
        const Fragment& fragment = fragments[i + j + lane];
        simd::Row* sum = &color_[fragment.pixel];
        simd::Store(sum, simd::Load(*sum) + color[lane] * fragment.weight);
      }
    }
  }
  fragments.clear();
}

void Renderer::Impl::LocateFragments(const Fragment* four, bool relief, int first) {
  shading::SurfacePoints& points = points_[first / 4];
  const ShadeTriangle* triangle[4];
  F4 r1[4];
  F4 r2[4];
  F4 r3[4];
  F4 x;
  F4 y;
  int penumbra = 0;
  for (int lane = 0; lane < 4; ++lane) {
    triangle[lane] = &shade_[four[lane].triangle];
    penumbra |= static_cast<int>(triangle[lane]->penumbra) << lane;
    r1[lane] = simd::Load(triangle[lane]->b1);
    r2[lane] = simd::Load(triangle[lane]->b2);
    r3[lane] = simd::Load(triangle[lane]->reference);
    x[lane] = four[lane].x;
    y[lane] = four[lane].y;
  }
  simd::Transpose(&r1[0], &r1[1], &r1[2], &r1[3]);
  simd::Transpose(&r2[0], &r2[1], &r2[2], &r2[3]);
  simd::Transpose(&r3[0], &r3[1], &r3[2], &r3[3]);
  const F4 dx = x - r3[0];
  const F4 dy = y - r3[1];
  // Points may lie a little outside where neighbours share the pixel.
  const F4 b1 = simd::Clamp(r1[0] + r1[1] * dx + r1[2] * dy, -0.4f, 1.4f);
  const F4 b2 = simd::Clamp(r2[0] + r2[1] * dx + r2[2] * dy, -0.4f, 1.4f);
  const F4 q0 = (1.0f - b1 - b2) * r1[3];
  const F4 q1 = b1 * r2[3];
  const F4 q2 = b2 * r3[2];
  const F4 z = 1.0f / (q0 + q1 + q2);
  const F4 w0 = q0 * z;
  const F4 w1 = q1 * z;
  const F4 w2 = q2 * z;

  F4 normal[4];
  F4 surface[4];
  F4 detail[4];
  for (int lane = 0; lane < 4; ++lane) {
    const VertexRows& v0 = rows_[triangle[lane]->vertex[0]];
    const VertexRows& v1 = rows_[triangle[lane]->vertex[1]];
    const VertexRows& v2 = rows_[triangle[lane]->vertex[2]];
    const F4 s0 = simd::Splat(w0[lane]);
    const F4 s1 = simd::Splat(w1[lane]);
    const F4 s2 = simd::Splat(w2[lane]);
    normal[lane] =
        s0 * simd::Load(v0.normal) + s1 * simd::Load(v1.normal) + s2 * simd::Load(v2.normal);
    surface[lane] =
        s0 * simd::Load(v0.surface) + s1 * simd::Load(v1.surface) + s2 * simd::Load(v2.surface);
    detail[lane] =
        s0 * simd::Load(v0.detail) + s1 * simd::Load(v1.detail) + s2 * simd::Load(v2.detail);
  }
  simd::Transpose(&normal[0], &normal[1], &normal[2], &normal[3]);
  simd::Transpose(&surface[0], &surface[1], &surface[2], &surface[3]);
  simd::Transpose(&detail[0], &detail[1], &detail[2], &detail[3]);
  points.ray_x = (x - center_x_) * inverse_focal_;
  points.ray_y = (y - center_y_) * inverse_focal_;
  points.pixel_mm = z * inverse_focal_;
  const F4 length = simd::InverseSqrt(simd::Max(
      normal[0] * normal[0] + normal[1] * normal[1] + normal[2] * normal[2], simd::Splat(1e-20f)));
  for (int c = 0; c < 3; ++c) points.normal[c] = normal[c] * (r3[3] * length);
  points.occlusion = normal[3];
  points.wetness = surface[2];
  points.visibility = simd::Saturate(surface[3]);
  points.curvature = detail[1] * r3[3];
  simd::Store(&u_[first], surface[0]);
  simd::Store(&v_[first], surface[1]);
  // Pixels per mm along the surface: the geometric mean of the footprint's axes.
  const F4 toward =
      -(points.ray_x * points.normal[0] + points.ray_y * points.normal[1] + points.normal[2]);
  simd::Store(&uv_per_pixel_[first], simd::Max(detail[0], F4{}) * points.pixel_mm *
                                         simd::InverseSqrt(simd::Max(toward, simd::Splat(0.05f))));
  if (relief) {
    F4 along_u[4];
    F4 along_v[4];
    for (int lane = 0; lane < 4; ++lane) {
      const std::array<simd::Row, 2>& gradient = gradients_[four[lane].triangle];
      along_u[lane] = simd::Load(gradient[0]);
      along_v[lane] = simd::Load(gradient[1]);
    }
    simd::Transpose(&along_u[0], &along_u[1], &along_u[2], &along_u[3]);
    simd::Transpose(&along_v[0], &along_v[1], &along_v[2], &along_v[3]);
    std::copy_n(along_u, 3, points.along_u);
    std::copy_n(along_v, 3, points.along_v);
  }
  if (shadowed_light_ < 0 || penumbra == 0) return;
  const F4 cosine = points.normal[0] * light_direction_[0] +
                    points.normal[1] * light_direction_[1] + points.normal[2] * light_direction_[2];
  const int lanes = penumbra & simd::MaskBits(cosine > -kLightsBehind);
  if (lanes == 0) return;
  // Flat triangles shade one another where the round surface they stand for would be lit. The point
  // moves out to it: to the mean of its projections on the vertices' tangent planes (Hanika,
  // "Hacking the shadow terminator", 2021).
  const F4 flat[3] = {points.ray_x * z, points.ray_y * z, z};
  F4 round[3] = {flat[0], flat[1], flat[2]};
  const F4 weights[3] = {w0, w1, w2};
  for (int i = 0; i < 3; ++i) {
    F4 n[4];
    F4 offset;
    for (int lane = 0; lane < 4; ++lane) {
      const VertexRows& row = rows_[triangle[lane]->vertex[i]];
      n[lane] = simd::Load(row.normal);
      offset[lane] = row.detail.v[2];
    }
    simd::Transpose(&n[0], &n[1], &n[2], &n[3]);
    const F4 above = (n[0] * flat[0] + n[1] * flat[1] + n[2] * flat[2] - offset) * r3[3];
    const F4 out = simd::Min(above, F4{}) * r3[3] * weights[i];
    for (int c = 0; c < 3; ++c) round[c] -= n[c] * out;
  }
  shadow_.Visibility(round, points.normal, lift_mm_, lanes, &points.visibility);
}

void Renderer::Impl::SampleTextures(const Material& material, int count) {
  const Texture* located = nullptr;
  const auto sample = [&](const Texture& texture, F4(shading::SurfacePoints::*to)[3]) {
    if (located == nullptr || texture.width() != located->width() ||
        texture.height() != located->height()) {
      const float side =
          std::sqrt(static_cast<float>(texture.width()) * static_cast<float>(texture.height()));
      float texels[kBatch];
      for (int i = 0; i < count; i += 4) {
        simd::Store(texels + i, simd::Load(&uv_per_pixel_[i]) * side);
      }
      texture.Locate(u_.data(), v_.data(), texels, count, footprints_.data());
      located = &texture;
    }
    alignas(16) float rgba[4 * kBatch];
    texture.Fetch(footprints_.data(), count, rgba);
    for (int i = 0; i < count; i += 4) {
      F4 row[4];
      for (int lane = 0; lane < 4; ++lane) row[lane] = simd::Load(rgba + 4 * (i + lane));
      simd::Transpose(&row[0], &row[1], &row[2], &row[3]);
      std::copy_n(row, 3, points_[i / 4].*to);
    }
  };
  if (material.albedo_texture) {
    sample(*material.albedo_texture, &shading::SurfacePoints::albedo);
  } else {
    for (int i = 0; i < count; i += 4) {
      std::fill_n(points_[i / 4].albedo, 3, simd::Splat(1.0f));
    }
  }
  if (material.relief_texture) sample(*material.relief_texture, &shading::SurfacePoints::relief);
}

void Renderer::Impl::WriteTile() {
  for (int y = tile_.top; y <= tile_.bottom; ++y) {
    float* out = frame_->linear.ptr<float>(y) + static_cast<std::ptrdiff_t>(3) * tile_.left;
    const simd::Row* in = &color_[(y - tile_.top) * kTile];
    for (int x = tile_.left; x <= tile_.right; ++x, ++in, out += 3) {
      out[0] = in->v[0];
      out[1] = in->v[1];
      out[2] = in->v[2];
    }
  }
}

void Renderer::Impl::WriteBackground() {
  for (int y = tile_.top; y <= tile_.bottom; ++y) {
    const F4 color = BackgroundAt(y);
    cv::Vec3f* out = frame_->linear.ptr<cv::Vec3f>(y);
    std::fill(out + tile_.left, out + tile_.right + 1, cv::Vec3f(color[0], color[1], color[2]));
    if (options_.labels) {
      std::uint8_t* labels = frame_->labels.ptr<std::uint8_t>(y);
      std::fill(labels + tile_.left, labels + tile_.right + 1,
                static_cast<std::uint8_t>(Part::kBackground));
    }
    if (options_.depth) {
      float* depths = frame_->depth_mm.ptr<float>(y);
      std::fill(depths + tile_.left, depths + tile_.right + 1, 0.0f);
    }
  }
}

Renderer::Renderer() : impl_(std::make_unique<Impl>()) {}
Renderer::~Renderer() = default;
Renderer::Renderer(Renderer&&) noexcept = default;
Renderer& Renderer::operator=(Renderer&&) noexcept = default;

void Renderer::Render(const Scene& scene, const RenderOptions& options, RenderedFrame* frame) {
  impl_->Render(scene, options, frame);
}

RenderedFrame Renderer::Render(const Scene& scene, const RenderOptions& options) {
  RenderedFrame frame;
  impl_->Render(scene, options, &frame);
  return frame;
}

}  // namespace maskbench
