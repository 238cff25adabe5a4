#include "maskbench/render/head_painter.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include <Eigen/Geometry>

#include "head_painter_impl.h"

namespace maskbench {

using painter::InOrder;
using painter::kNearPlaneMm;
using painter::Surface;
using painter::Vertex;

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
