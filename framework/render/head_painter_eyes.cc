// The surroundings of the eyes, which the Renderer draws.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>

#include "head_painter_impl.h"

namespace maskbench {

using painter::Box;
using painter::kNearPlaneMm;
using painter::Subpixels;
using painter::Vertex;

namespace {

// Round the lashes and margins: skin that the Renderer draws as well, and how much of it leads over
// to the skin outside.
constexpr double kEyeMarginMm = 0.7;
constexpr int kFeatherPx = 4;
// Triangles that are this near to the Renderer's rectangle are given to it.
constexpr int kCollectPx = 4;

}  // namespace

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

}  // namespace maskbench
