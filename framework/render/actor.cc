#include "maskbench/render/actor.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <Eigen/Geometry>

#include "maskbench/core/error.h"
#include "maskbench/core/rng.h"
#include "maskbench/render/skin_chart.h"

namespace maskbench {
namespace {

constexpr float kPi = 3.14159265358979323846f;
constexpr int kLashPoints = 5;
// Opening from which LashRecipe::open_share holds.
constexpr float kLashesOpenMm = 1.0f;

// Signed distance (roughly mm) above the neckline: cloth below, skin above.
double AboveNeckline(const Eigen::Vector3d& mean_mm) {
  // A plane that falls towards the front, as a round collar does.
  return mean_mm.y() + 178.0 + 0.42 * (mean_mm.z() + 85.0);
}

}  // namespace

std::vector<Eigen::Vector3f> VertexNormals(const std::vector<Eigen::Vector3f>& positions,
                                           const std::vector<std::array<int, 3>>& triangles) {
  std::vector<Eigen::Vector3f> normals(positions.size(), Eigen::Vector3f::Zero());
  for (const auto& t : triangles) {
    const Eigen::Vector3f normal =
        (positions[t[1]] - positions[t[0]]).cross(positions[t[2]] - positions[t[0]]);
    for (int v : t) normals[v] += normal;
  }
  for (Eigen::Vector3f& normal : normals) {
    const float length = normal.norm();
    normal = length > 1e-12f ? Eigen::Vector3f(normal / length) : Eigen::Vector3f(0, 0, 1);
  }
  return normals;
}

std::vector<float> AmbientVisibility(const std::vector<Eigen::Vector3f>& positions,
                                     const std::vector<std::array<int, 3>>& triangles,
                                     int directions) {
  constexpr int kSize = 160;
  constexpr float kBiasMm = 2.5f;
  const std::vector<Eigen::Vector3f> normals = VertexNormals(positions, triangles);
  std::vector<float> seen(positions.size(), 0.0f), total(positions.size(), 0.0f);
  Eigen::Vector3f low = positions.front(), high = low;
  for (const Eigen::Vector3f& p : positions) {
    low = low.cwiseMin(p);
    high = high.cwiseMax(p);
  }
  const Eigen::Vector3f middle = 0.5f * (low + high);
  const float reach = 0.5f * (high - low).norm();
  std::vector<float> map(kSize * kSize);
  std::vector<Eigen::Vector3f> projected(positions.size());
  for (int d = 0; d < directions; ++d) {
    // Fibonacci sphere.
    const float y = 1 - 2 * (d + 0.5f) / directions;
    const float r = std::sqrt(1 - y * y), turn = 2.39996323f * d;
    const Eigen::Vector3f towards(r * std::cos(turn), y, r * std::sin(turn));
    const Eigen::Vector3f right = towards.unitOrthogonal(), up = towards.cross(right);
    for (size_t v = 0; v < positions.size(); ++v) {
      const Eigen::Vector3f p = positions[v] - middle;
      projected[v] = {(p.dot(right) / reach * 0.5f + 0.5f) * kSize,
                      (p.dot(up) / reach * 0.5f + 0.5f) * kSize, p.dot(towards)};
    }
    std::fill(map.begin(), map.end(), -1e9f);
    for (const auto& t : triangles) {
      const Eigen::Vector3f &a = projected[t[0]], &b = projected[t[1]], &c = projected[t[2]];
      const float area = (b.x() - a.x()) * (c.y() - a.y()) - (b.y() - a.y()) * (c.x() - a.x());
      if (std::abs(area) < 1e-9f) continue;
      const int x0 = std::max(0, static_cast<int>(std::min({a.x(), b.x(), c.x()})));
      const int x1 = std::min(kSize - 1, static_cast<int>(std::max({a.x(), b.x(), c.x()})));
      const int y0 = std::max(0, static_cast<int>(std::min({a.y(), b.y(), c.y()})));
      const int y1 = std::min(kSize - 1, static_cast<int>(std::max({a.y(), b.y(), c.y()})));
      for (int py = y0; py <= y1; ++py)
        for (int px = x0; px <= x1; ++px) {
          const float x = px + 0.5f, yy = py + 0.5f;
          const float w0 = ((b.x() - x) * (c.y() - yy) - (b.y() - yy) * (c.x() - x)) / area;
          const float w1 = ((c.x() - x) * (a.y() - yy) - (c.y() - yy) * (a.x() - x)) / area;
          const float w2 = 1 - w0 - w1;
          if (w0 < 0 || w1 < 0 || w2 < 0) continue;
          float& depth = map[py * kSize + px];
          depth = std::max(depth, w0 * a.z() + w1 * b.z() + w2 * c.z());
        }
    }
    for (size_t v = 0; v < positions.size(); ++v) {
      const float cosine = normals[v].dot(towards);
      if (cosine <= 0) continue;
      total[v] += cosine;
      // Four taps soften the map's grid.
      float open = 0;
      for (float oy : {-0.5f, 0.5f})
        for (float ox : {-0.5f, 0.5f}) {
          const int px = std::clamp(static_cast<int>(projected[v].x() + ox), 0, kSize - 1);
          const int py = std::clamp(static_cast<int>(projected[v].y() + oy), 0, kSize - 1);
          if (map[py * kSize + px] <= projected[v].z() + kBiasMm) open += 0.25f;
        }
      seen[v] += cosine * open;
    }
  }
  // One smoothing step over the mesh against the maps' grain.
  std::vector<float> visibility(positions.size(), 1.0f), sum(positions.size(), 0.0f),
      count(positions.size(), 0.0f);
  for (size_t v = 0; v < positions.size(); ++v)
    visibility[v] = total[v] > 0 ? seen[v] / total[v] : 1.0f;
  for (const auto& t : triangles)
    for (int k = 0; k < 3; ++k)
      for (int other : {t[(k + 1) % 3], t[(k + 2) % 3]}) {
        sum[t[k]] += visibility[other];
        count[t[k]] += 1;
      }
  for (size_t v = 0; v < positions.size(); ++v)
    if (count[v] > 0) visibility[v] = 0.5f * visibility[v] + 0.5f * sum[v] / count[v];
  return visibility;
}

HeadRig::HeadRig(HeadTopology topology, const Eigen::Matrix3Xd& mean)
    : topology_(std::move(topology)),
      lids_(HeadSurface(topology_, mean), topology_, mean),
      mean_(lids_.surface().Positions(mean)) {
  const HeadSurface& surface = lids_.surface();
  const int drawn = surface.vertex_count();
  std::vector<Eigen::Vector3d> place;  // Mean position of drawn vertices and those between.
  std::vector<Eigen::Vector2f> uv;
  for (int v = 0; v < drawn; ++v) {
    place.push_back(mean_.col(v));
    uv.push_back(SkinChart(mean_.col(v)));
  }
  auto add = [&](int from, int to, double share) {
    between_.push_back({from, to, static_cast<float>(share)});
    place.push_back((1 - share) * place[from] + share * place[to]);
    uv.push_back(SkinChart(place.back()));
    return static_cast<int>(place.size()) - 1;
  };
  std::map<std::pair<int, int>, int> cuts;
  auto cut = [&](int a, int b) {
    const std::pair<int, int> key(std::min(a, b), std::max(a, b));
    const auto found = cuts.find(key);
    if (found != cuts.end()) return found->second;
    const double fa = AboveNeckline(place[key.first]), fb = AboveNeckline(place[key.second]);
    return cuts[key] = add(key.first, key.second, std::clamp(fa / (fa - fb), 0.02, 0.98));
  };
  std::map<int, int> copies;  // Vertex → its copy beyond the seam.
  auto skin = std::make_shared<MeshTopology>(), mouth = std::make_shared<MeshTopology>(),
       teeth = std::make_shared<MeshTopology>(), clothes = std::make_shared<MeshTopology>(),
       lid_margin = std::make_shared<MeshTopology>(), lid_skin = std::make_shared<MeshTopology>();
  std::vector<bool> lid_region(static_cast<size_t>(drawn), false);
  for (Side side : kSides)
    for (int v : lids_.Region(side)) lid_region[static_cast<size_t>(v)] = true;
  auto put = [&](std::array<int, 3> t, bool is_skin, Part part, bool near_eye) {
    if (is_skin) {
      // Triangles over the seam at the back of the head take copies with u beyond 1.
      float low = 2, high = -2;
      for (int v : t) {
        low = std::min(low, uv[v].x());
        high = std::max(high, uv[v].x());
      }
      if (high - low > 0.5f)
        for (int& v : t) {
          if (uv[v].x() > 0.5f) continue;
          const auto found = copies.find(v);
          if (found != copies.end()) {
            v = found->second;
            continue;
          }
          const int copy = add(v, v, 0);
          uv[copy] = uv[v] + Eigen::Vector2f(1, 0);
          v = copies[v] = copy;
        }
      auto& target = part == Part::kLidMargin ? lid_margin : near_eye ? lid_skin : skin;
      target->triangles.push_back(t);
      target->parts.push_back(part);
    } else {
      clothes->triangles.push_back(t);
      clothes->parts.push_back(Part::kClothes);
    }
  };
  for (size_t k = 0; k < surface.triangles().size(); ++k) {
    const std::array<int, 3>& t = surface.triangles()[k];
    const HeadPart head_part = surface.triangle_parts()[k];
    if (head_part != HeadPart::kSkin) {
      auto& target = head_part == HeadPart::kTeeth ? teeth : mouth;
      target->triangles.push_back(t);
      target->parts.push_back(head_part == HeadPart::kTeeth ? Part::kTeeth : Part::kMouth);
      continue;
    }
    const bool wet =
        surface.ring()[t[0]] <= 1 && surface.ring()[t[1]] <= 1 && surface.ring()[t[2]] <= 1;
    const Part part = wet ? Part::kLidMargin : Part::kSkin;
    const bool near_eye = lid_region[t[0]] || lid_region[t[1]] || lid_region[t[2]];
    std::array<bool, 3> above{};
    int count = 0;
    for (int c = 0; c < 3; ++c) count += above[c] = AboveNeckline(place[t[c]]) > 0;
    // Skin goes on a little under the cloth, which is cut along the neckline.
    if (AboveNeckline(place[t[0]]) > -15 && AboveNeckline(place[t[1]]) > -15 &&
        AboveNeckline(place[t[2]]) > -15)
      put(t, true, part, near_eye);
    if (count == 3) continue;
    if (count == 0) {
      put(t, false, part, false);
      continue;
    }
    // The corner that lies alone on its side is cut off.
    int alone = 0;
    for (int c = 0; c < 3; ++c)
      if (above[c] == (count == 1)) alone = c;
    const int a = t[alone], b = t[(alone + 1) % 3], c = t[(alone + 2) % 3];
    const int ab = cut(a, b), ac = cut(a, c);
    if (count == 2) {
      put({a, ab, ac}, false, part, false);
    } else {
      put({ab, b, c}, false, part, false);
      put({ab, c, ac}, false, part, false);
    }
  }
  skin->uv = uv;
  lid_margin->uv = uv;
  lid_margin_ = lid_margin;
  lid_skin->uv = uv;
  lid_skin_ = lid_skin;
  skin_ = skin;
  mouth_ = mouth;
  teeth_ = teeth;
  clothes_ = clothes;
  cloth_lift_mm_.resize(place.size());
  for (size_t v = 0; v < place.size(); ++v)
    cloth_lift_mm_[v] =
        2.0f + 4.0f * std::clamp(static_cast<float>(-AboveNeckline(place[v])) / 25.0f, 0.0f, 1.0f);
}

Actor::Actor(std::shared_ptr<const HeadRig> rig, const Eigen::Matrix3Xd& neutral,
             const Eigen::MatrixXf& expression, Appearance appearance)
    : rig_(std::move(rig)),
      neutral_(neutral),
      expression_(expression),
      appearance_(std::move(appearance)) {
  if (neutral_.cols() != rig_->topology().vertex_count)
    throw DataError("actor: the shape has another number of vertices than its head rig");
  if (expression_.size() > 0 && expression_.rows() != 3 * neutral_.cols())
    throw DataError("actor: expression units have another number of vertices than the shape");
  for (Side side : kSides)
    rest_centre_[static_cast<int>(side)] =
        Locate(rig_->topology().globe_centre[static_cast<int>(side)], neutral_);
  rest_ = rig_->surface().Positions(neutral_);

  std::vector<Eigen::Vector3f> positions(rest_.cols());
  for (Eigen::Index v = 0; v < rest_.cols(); ++v) positions[v] = rest_.col(v).cast<float>();
  occlusion_ = AmbientVisibility(positions, rig_->surface().triangles());
  // Lid margins and what is left open between them would darken each other; the eye shader and the
  // rig's own shade take care of that.
  for (size_t v = 0; v < occlusion_.size(); ++v) {
    const float ring = rig_->surface().ring()[v];
    if (ring < 4) occlusion_[v] = std::max(occlusion_[v], 0.55f);
  }

  if (appearance_.lashes) {
    const LashRecipe& recipe = *appearance_.lashes;
    for (Side side : kSides) {
      NamedRandom random(recipe.seed, side == Side::kLeft ? "left" : "right", "lashes");
      for (int lid : {0, 1}) {
        const int count = static_cast<int>((lid == 0 ? 75 : 40) * recipe.density);
        for (int k = 0; k < count; ++k) {
          const double along = 0.06 + 0.92 * (k + 0.8 * (random.Uniform() - 0.5)) / count;
          const double middle =
              std::pow(std::sin(kPi * std::clamp(0.12 + 0.8 * along, 0.0, 1.0)), 0.6);
          Lash lash;
          lash.lid = lid;
          lash.along = static_cast<float>(std::clamp(along, 0.02, 0.985));
          lash.length_mm = static_cast<float>(recipe.length * (lid == 0 ? 7.6 : 4.2) * middle *
                                              (0.62 + 0.45 * random.Uniform()));
          lash.tilt = static_cast<float>(0.22 * random.Normal());
          // Lashes fan out: medial ones lean nasally, lateral ones temporally.
          lash.lean = static_cast<float>(0.9 * (along - 0.42) + 0.16 * random.Normal());
          lash.width_mm =
              static_cast<float>((lid == 0 ? 0.16 : 0.11) * (0.7 + 0.6 * random.Uniform()));
          lashes_[static_cast<int>(side)].push_back(lash);
        }
      }
    }
  }
  auto plain = [](const Eigen::Vector3f& albedo, float specular, float roughness) {
    auto material = std::make_shared<Material>();
    material->kind = Material::Kind::kPlain;
    material->albedo = albedo;
    material->specular = specular;
    material->roughness = roughness;
    return material;
  };
  mouth_material_ = plain({0.16f, 0.045f, 0.04f}, 0.3f, 0.4f);
  teeth_material_ = plain({0.55f, 0.50f, 0.42f}, 0.8f, 0.25f);
  if (appearance_.skin == nullptr) throw DataError("actor: its appearance has no skin");
  auto margin_material = std::make_shared<Material>(*appearance_.skin);
  // Skin turns into red conjunctiva here.
  margin_material->albedo =
      margin_material->albedo.cwiseProduct(Eigen::Vector3f(0.92f, 0.82f, 0.80f));
  margin_material->relief_texture = nullptr;
  margin_material_ = margin_material;
  cloth_material_ = plain(appearance_.clothes, 0.05f, 0.9f);
}

Eigen::Matrix3Xd Actor::ModelVertices(const Eigen::VectorXd& expression) const {
  Eigen::Matrix3Xd vertices = neutral_;
  Eigen::Map<Eigen::VectorXd> flat(vertices.data(), vertices.size());
  const Eigen::Index units = std::min<Eigen::Index>(expression.size(), expression_.cols());
  for (Eigen::Index k = 0; k < units; ++k)
    if (expression[k] != 0) flat += expression[k] * expression_.col(k).cast<double>();
  return vertices;
}

Actor::Posed Actor::Pose(const ActorPose& pose) const {
  Posed posed;
  const bool neutral = pose.expression.size() == 0 || pose.expression.isZero(0);
  posed.model_vertices = neutral ? neutral_ : ModelVertices(pose.expression);
  Eigen::Matrix3Xd expressed;
  if (!neutral) expressed = rig_->surface().Positions(posed.model_vertices);
  const Eigen::Matrix3Xd& rest = neutral ? rest_ : expressed;
  posed.positions = rest;
  posed.shade.assign(static_cast<size_t>(rest.cols()), LidRig::Shade());
  for (Side side : kSides) {
    const int s = static_cast<int>(side);
    posed.eyes[s] = rig_->lids().Pose(side, appearance_.eyes[s], pose.eyes[s], pose.lids[s],
                                      appearance_.lids[s], rest_centre_[s], rest, &posed.positions,
                                      &posed.shade);
  }
  return posed;
}

void Actor::Fixate(Side side, const Eigen::Vector3d& target_camera_mm, ActorPose* pose) const {
  const int s = static_cast<int>(side);
  const Eigen::Vector3d target =
      pose->head.rotation.transpose() * (target_camera_mm - pose->head.translation_mm);
  const Eigen::Vector3d centre =
      rest_centre_[s] + Eigen::Vector3d(0, 0, pose->eyes[s].protrusion_mm);
  const Eigen::Vector2d angles =
      PupillaryAnglesFor(appearance_.eyes[s], side, (target - centre).normalized());
  pose->eyes[s].azimuth_deg = angles.x();
  pose->eyes[s].elevation_deg = angles.y();
}

LidPose Actor::RestingLids(Side side) const {
  return rig_->lids().RestPose(side, rest_centre_[static_cast<int>(side)], rest_);
}

double Actor::ClosedHeightMm(Side side) const {
  return rig_->lids().ClosedHeightMm(side, rest_centre_[static_cast<int>(side)], rest_);
}

LidPose Actor::Lids(Side side, const ActorPose& pose, double mrd1_mm, double mrd2_mm,
                    const Eigen::Vector3d& light_camera_mm) const {
  const int s = static_cast<int>(side);
  const Eigen::Matrix3d to_head = pose.head.rotation.transpose();
  const Eigen::Matrix3Xd rest = rig_->surface().Positions(ModelVertices(pose.expression));
  return SolveLids(rig_->lids(), side, appearance_.eyes[s], pose.eyes[s], mrd1_mm, mrd2_mm,
                   pose.lids[s], rest_centre_[s], rest, to_head * -pose.head.translation_mm,
                   to_head * (light_camera_mm - pose.head.translation_mm));
}

StrandMesh Actor::Lashes(Side side, const ActorPose& pose, const Posed& posed,
                         const Camera& camera) const {
  const int s = static_cast<int>(side);
  StrandMesh mesh;
  auto topology = std::make_shared<MeshTopology>();
  mesh.albedo = appearance_.lashes->albedo;
  mesh.specular = 0.1f;
  mesh.casts_shadow = false;
  const HeadSurface::Margin& margin = rig_->surface().margins()[s];
  const float temporal = side == Side::kLeft ? 1.0f : -1.0f;
  const Eigen::Vector3f centre = posed.eyes[s].globe_centre_mm.cast<float>();
  const Eigen::Matrix3f rotation = pose.head.rotation.cast<float>();
  const Eigen::Vector3f translation = pose.head.translation_mm.cast<float>();
  const float pixel_mm =
      static_cast<float>((pose.head * posed.eyes[s].globe_centre_mm).z() / camera.focal_px);
  const auto height = [&](const std::vector<int>& chain) {
    return static_cast<float>(posed.positions(1, chain[chain.size() / 2]));
  };
  const float open = std::clamp(
      (height(margin.upper_inner) - height(margin.lower_inner)) / kLashesOpenMm, 0.0f, 1.0f);
  const float grown = 1 - open * (1 - static_cast<float>(appearance_.lashes->open_share));
  mesh.topology = topology;
  if (grown <= 0) return mesh;
  const size_t vertices = lashes_[s].size() * kLashPoints * 2;
  mesh.positions.reserve(vertices);
  mesh.tangents.reserve(vertices);
  mesh.alpha.reserve(vertices);
  mesh.normals.reserve(vertices);
  topology->triangles.reserve(vertices);
  topology->parts.reserve(vertices);
  for (const Lash& lash : lashes_[s]) {
    const std::vector<int>& chain = lash.lid == 0 ? margin.upper_outer : margin.lower_outer;
    const float at = lash.along * static_cast<float>(chain.size() - 1);
    const size_t k = std::min(static_cast<size_t>(at), chain.size() - 2);
    const float t = at - static_cast<float>(k);
    const Eigen::Vector3f root =
        ((1 - t) * posed.positions.col(chain[k]) + t * posed.positions.col(chain[k + 1]))
            .cast<float>();
    // Outwards from the horizontal axis, and along the lid's turn (upwards).
    const float angle = std::atan2(root.y() - centre.y(), root.z() - centre.z());
    const Eigen::Vector3f out(0, std::sin(angle), std::cos(angle));
    const Eigen::Vector3f up(0, std::cos(angle), -std::sin(angle));
    // Upper lashes curl up from an open lid and hang from a shut one.
    const float curl = lash.lid == 0 ? 1.0f : -1.0f;
    const float lift = lash.lid == 0 ? std::clamp((angle + 0.2f) / 0.45f, 0.0f, 1.0f) : 1.0f;
    const Eigen::Vector3f side_way(temporal * lash.lean, 0, 0);
    const Eigen::Vector3f start =
        (out * 0.95f + up * curl * (-0.6f + 0.35f * lift + lash.tilt) + side_way * 0.5f)
            .normalized();
    const Eigen::Vector3f end =
        (out * 0.45f + up * curl * (-0.3f + 1.15f * lift + lash.tilt) + side_way).normalized();
    std::array<Eigen::Vector3f, kLashPoints> points;
    points[0] = rotation * (root - 0.15f * out) + translation;
    Eigen::Vector3f head_point = root - 0.15f * out;
    for (int p = 1; p < kLashPoints; ++p) {
      const float share = (p - 0.5f) / (kLashPoints - 1);
      head_point += ((1 - share) * start + share * end).normalized() *
                    (grown * lash.length_mm / (kLashPoints - 1));
      points[p] = rotation * head_point + translation;
    }
    const int base = static_cast<int>(mesh.positions.size());
    for (int p = 0; p < kLashPoints; ++p) {
      const Eigen::Vector3f tangent =
          (points[std::min(p + 1, kLashPoints - 1)] - points[std::max(p - 1, 0)]).normalized();
      Eigen::Vector3f across = tangent.cross(points[p].normalized());
      across =
          across.norm() > 1e-4f ? Eigen::Vector3f(across.normalized()) : Eigen::Vector3f(1, 0, 0);
      const float share = static_cast<float>(p) / (kLashPoints - 1);
      const float width = lash.width_mm * (1 - 0.75f * share);
      // Thinner than a pixel is drawn a pixel wide and fainter.
      const float drawn = std::max(width, 1.05f * pixel_mm);
      for (float sign : {-0.5f, 0.5f}) {
        mesh.positions.push_back(points[p] + sign * drawn * across);
        mesh.tangents.push_back(tangent);
        mesh.alpha.push_back(std::min(1.0f, width / drawn) * (p == kLashPoints - 1 ? 0.2f : 1.0f));
        mesh.normals.push_back(-points[p].normalized());
      }
    }
    for (int p = 0; p + 1 < kLashPoints; ++p) {
      const int a = base + 2 * p;
      topology->triangles.push_back({a, a + 1, a + 2});
      topology->triangles.push_back({a + 1, a + 3, a + 2});
      topology->parts.push_back(Part::kLash);
      topology->parts.push_back(Part::kLash);
    }
  }
  return mesh;
}

void Actor::AddTo(const ActorPose& pose, const Posed& posed, Scene* scene) const {
  const size_t drawn = static_cast<size_t>(posed.positions.cols());
  const size_t all = drawn + rig_->between().size();
  const Eigen::Matrix3f rotation = pose.head.rotation.cast<float>();
  const Eigen::Vector3f translation = pose.head.translation_mm.cast<float>();
  Mesh skin;
  skin.topology = rig_->skin();
  skin.material = appearance_.skin;
  skin.positions.resize(all);
  skin.occlusion.resize(all);
  skin.wetness.assign(all, 0.0f);
  for (size_t v = 0; v < drawn; ++v) {
    skin.positions[v] =
        rotation * posed.positions.col(static_cast<Eigen::Index>(v)).cast<float>() + translation;
    skin.occlusion[v] =
        posed.shade[v].factor * (occlusion_[v] + (0.9f - occlusion_[v]) * posed.shade[v].lift);
    const float ring = rig_->surface().ring()[v];
    if (ring <= 1) skin.wetness[v] = 1 - ring;
  }
  std::vector<Eigen::Vector3f> normals = VertexNormals(skin.positions, rig_->surface().triangles());
  normals.resize(all);
  for (size_t k = 0; k < rig_->between().size(); ++k) {
    const HeadRig::Between& b = rig_->between()[k];
    const size_t v = drawn + k;
    skin.positions[v] = (1 - b.share) * skin.positions[b.from] + b.share * skin.positions[b.to];
    skin.occlusion[v] = (1 - b.share) * skin.occlusion[b.from] + b.share * skin.occlusion[b.to];
    normals[v] = ((1 - b.share) * normals[b.from] + b.share * normals[b.to]).normalized();
  }
  auto also = [&](const std::shared_ptr<const MeshTopology>& topology,
                  const std::shared_ptr<const Material>& material) {
    Mesh mesh;
    mesh.topology = topology;
    mesh.material = material;
    mesh.positions = skin.positions;
    mesh.occlusion = skin.occlusion;
    mesh.two_sided = true;
    return mesh;
  };
  if (!rig_->clothes()->triangles.empty()) {
    Mesh clothes = also(rig_->clothes(), cloth_material_);
    clothes.two_sided = false;
    clothes.normals = normals;
    for (size_t v = 0; v < all; ++v) clothes.positions[v] += rig_->cloth_lift_mm()[v] * normals[v];
    scene->meshes.push_back(std::move(clothes));
  }
  for (const auto& [topology, material] :
       {std::pair(rig_->mouth(), mouth_material_), std::pair(rig_->teeth(), teeth_material_)}) {
    if (topology->triangles.empty()) continue;
    Mesh mesh = also(topology, material);
    mesh.casts_shadow = false;
    // Visibility was measured with the mouth shut.
    for (float& occlusion : mesh.occlusion) occlusion = std::max(occlusion, 0.4f);
    scene->meshes.push_back(std::move(mesh));
  }
  skin.normals = std::move(normals);
  if (!rig_->lid_margin()->triangles.empty()) {
    Mesh lid_margin = skin;
    lid_margin.topology = rig_->lid_margin();
    lid_margin.material = margin_material_;
    scene->meshes.push_back(std::move(lid_margin));
  }
  if (!rig_->lid_skin()->triangles.empty()) {
    // Folds may turn a few triangles over; seen from behind they must not open a hole.
    Mesh lid_skin = skin;
    lid_skin.topology = rig_->lid_skin();
    lid_skin.two_sided = true;
    scene->meshes.push_back(std::move(lid_skin));
  }
  scene->meshes.push_back(std::move(skin));
  if (appearance_.hair != nullptr)
    scene->strands.push_back(appearance_.hair->Mesh(posed.model_vertices, pose.head));
  AddEyesTo(pose, posed, scene);
}

void Actor::AddEyesTo(const ActorPose& pose, const Posed& posed, Scene* scene) const {
  for (Side side : kSides) {
    const int s = static_cast<int>(side);
    scene->eyes[s] = std::make_shared<GlobeShader>(
        side, appearance_.eyes[s], posed.eyes[s], rig_->surface().margins()[s], posed.positions,
        pose.head, scene->lighting.reflex_position_mm.cast<double>(), appearance_.eye_textures[s]);
    if (appearance_.lashes) scene->strands.push_back(Lashes(side, pose, posed, scene->camera));
  }
}

std::array<EyeFrameTruth, 2> Actor::Truth(const ActorPose& pose, const Posed& posed,
                                          const Scene& scene, const RenderedFrame* frame) const {
  std::array<EyeFrameTruth, 2> truth;
  for (Side side : kSides) {
    const int s = static_cast<int>(side);
    truth[s] = TrueEye(side, rig_->surface().margins()[s], posed.positions, appearance_.eyes[s],
                       posed.eyes[s], pose.head, scene.camera,
                       scene.lighting.reflex_position_mm.cast<double>(), frame);
  }
  return truth;
}

}  // namespace maskbench
