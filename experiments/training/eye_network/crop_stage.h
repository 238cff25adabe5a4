#pragma once

#include <array>
#include <memory>
#include <vector>

#include "maskbench/head/parametric_head.h"
#include "maskbench/render/actor.h"
#include "maskbench/render/skin.h"
#include "maskbench/render/skin_geometry.h"

#include "datasets/virtual_clinic/subject.h"

namespace maskbench::training {

/// The part of the parametric head round the eyes, which is drawn several times faster than all of
/// it: forehead, temples and nose, without hair styles, mouth, ears and neck. Immutable and safe to
/// use from several threads.
class CropStage {
 public:
  /// @param head  must outlive this.
  explicit CropStage(const ParametricHead& head);

  const ParametricHead& head() const { return head_; }
  const std::shared_ptr<const HeadRig>& rig() const { return rig_; }

  /// Paints a skin. No picture of the asset package is used, so that textures have nothing in
  /// common with those of evaluation.
  std::shared_ptr<const Material> Skin(const SkinRecipe& recipe, int size_px) const;

  /// Distance between the corners of an eye of the subject's neutral face, mm.
  double FissureMm(Side side, const Eigen::Matrix3Xd& shape) const;

  /// @param shape       model vertices of the whole head (SubjectShape).
  /// @param fissure_mm  corner distance that each eye is stretched to, by Side. The head's own
  ///                    fissures are about 2.1 times as long as an iris is wide; those of people
  ///                    2.4 to 2.6 times.
  /// @param look        skin, eyes, lids, lashes.
  std::shared_ptr<const Actor> Cast(const Eigen::Matrix3Xd& shape, const HeadRecipe& recipe,
                                    const std::array<double, 2>& fissure_mm, Appearance look) const;

 private:
  Eigen::Matrix3Xd Part(const Eigen::Matrix3Xd& whole) const;

  const ParametricHead& head_;
  SkinGeometry geometry_;
  std::vector<int> vertices_;  // Of the whole head, by vertex of the part.
  std::shared_ptr<const HeadRig> rig_;
};

}  // namespace maskbench::training
