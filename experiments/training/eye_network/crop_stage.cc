#include "experiments/training/eye_network/crop_stage.h"

#include <algorithm>
#include <cmath>

#include "maskbench/render/head_assets.h"

namespace maskbench::training {
namespace {

// What may come into a crop at ±25° yaw, ±20° pitch and ±15° roll; mean head, mm.
constexpr double kBesideMm = 90, kBelowMm = 50, kAboveMm = 55, kBehindMm = 72;
// Stretching the fissure: all of it within the first distance from the globe's centre, none beyond
// the second. The medial corner moves less, since the nose stands behind it.
constexpr double kStretchWithinMm = 14, kStretchToMm = 34, kMedialShare = 0.75;

HeadTopology PartOf(const HeadTopology& whole, const Eigen::Matrix3Xd& mean,
                    std::vector<int>* vertices) {
  HeadTopology part;
  std::vector<int> place(static_cast<size_t>(whole.vertex_count), -1);
  const auto use = [&](int v) {
    if (v < 0) return -1;
    int& at = place[static_cast<size_t>(v)];
    if (at < 0) {
      at = static_cast<int>(vertices->size());
      vertices->push_back(v);
    }
    return at;
  };
  for (size_t f = 0; f < whole.faces.size(); ++f) {
    bool inside = whole.face_parts.empty() || whole.face_parts[f] == HeadPart::kSkin;
    for (int v : whole.faces[f]) {
      const Eigen::Vector3d p = mean.col(v);
      inside = inside && std::abs(p.x()) < kBesideMm && p.y() > -kBelowMm && p.y() < kAboveMm &&
               p.z() > -kBehindMm;
    }
    if (!inside) continue;
    std::array<int, 4> face = whole.faces[f];
    for (int& v : face) v = use(v);
    part.faces.push_back(face);
    part.face_parts.push_back(HeadPart::kSkin);
  }
  part.lids = whole.lids;
  part.globe_centre = whole.globe_centre;
  for (size_t s = 0; s < 2; ++s) {
    LidRings& rings = part.lids[s];
    for (std::vector<int>* ring :
         {&rings.upper_inner, &rings.lower_inner, &rings.upper_outer, &rings.lower_outer})
      for (int& v : *ring) v = use(v);
    rings.medial_canthus = use(rings.medial_canthus);
    rings.lateral_canthus = use(rings.lateral_canthus);
    for (int& v : part.globe_centre[s].vertices) v = use(v);
  }
  part.vertex_count = static_cast<int>(vertices->size());
  return part;
}

}  // namespace

CropStage::CropStage(const ParametricHead& head) : head_(head), geometry_(SkinSurfaceOf(head)) {
  const Eigen::Matrix3Xd mean = head_.Shape(HeadRecipe());
  HeadTopology part = PartOf(head_.Topology(), mean, &vertices_);
  rig_ = std::make_shared<HeadRig>(std::move(part), Part(mean));
}

Eigen::Matrix3Xd CropStage::Part(const Eigen::Matrix3Xd& whole) const {
  Eigen::Matrix3Xd part(3, vertices_.size());
  for (size_t k = 0; k < vertices_.size(); ++k)
    part.col(static_cast<Eigen::Index>(k)) = whole.col(vertices_[k]);
  return part;
}

std::shared_ptr<const Material> CropStage::Skin(const SkinRecipe& recipe, int size_px) const {
  return SkinMaterial(BakeSkin(recipe, geometry_, {}, size_px), recipe.gloss);
}

double CropStage::FissureMm(Side side, const Eigen::Matrix3Xd& shape) const {
  const HeadSurface::Margin& margin = rig_->surface().margins()[static_cast<int>(side)];
  const Eigen::Matrix3Xd drawn = rig_->surface().Positions(Part(shape));
  return (drawn.col(margin.upper_inner.front()) - drawn.col(margin.upper_inner.back())).norm();
}

std::shared_ptr<const Actor> CropStage::Cast(const Eigen::Matrix3Xd& shape,
                                             const HeadRecipe& recipe,
                                             const std::array<double, 2>& fissure_mm,
                                             Appearance look) const {
  Eigen::Matrix3Xd part = Part(shape);
  const Eigen::Matrix3Xd drawn = rig_->surface().Positions(part);
  for (Side side : kSides) {
    const int s = static_cast<int>(side);
    const Eigen::Vector3d centre = Locate(rig_->topology().globe_centre[s], part);
    const HeadSurface::Margin& margin = rig_->surface().margins()[s];
    const Eigen::Vector3d medial = drawn.col(margin.upper_inner.front()) - centre;
    const Eigen::Vector3d lateral = drawn.col(margin.upper_inner.back()) - centre;
    // Corners keep height and depth: (Δx)² = wanted² − rest².
    const double rest = (lateral - medial).tail<2>().norm();
    const double across = std::sqrt(std::max(1.0, fissure_mm[s] * fissure_mm[s] - rest * rest));
    const double longer = across - std::abs(lateral.x() - medial.x());
    const double reach =
        std::abs(lateral.x()) + kMedialShare * std::abs(medial.x());  // Sum of the shares.
    for (Eigen::Index v = 0; v < part.cols(); ++v) {
      const Eigen::Vector3d offset = part.col(v) - centre;
      const double t = std::clamp(
          (offset.norm() - kStretchWithinMm) / (kStretchToMm - kStretchWithinMm), 0.0, 1.0);
      const double fade = 1 - t * t * (3 - 2 * t);
      const bool medial_side = offset.x() * medial.x() > 0;
      part(0, v) += fade * longer / reach * (medial_side ? kMedialShare : 1.0) * offset.x();
    }
  }
  const Eigen::MatrixXf whole = DenseExpressions(head_, recipe);
  Eigen::MatrixXf expression(3 * part.cols(), whole.cols());
  for (size_t k = 0; k < vertices_.size(); ++k)
    expression.middleRows<3>(3 * static_cast<Eigen::Index>(k)) =
        whole.middleRows<3>(3 * vertices_[k]);
  return std::make_shared<Actor>(rig_, part, expression, std::move(look));
}

}  // namespace maskbench::training
