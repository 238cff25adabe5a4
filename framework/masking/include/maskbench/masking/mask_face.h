#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "maskbench/masking/mask_parameters.h"
#include "maskbench/render/actor.h"

namespace maskbench {

/// The face that masks show: a head model's with even skin, drawn brows and lips, and eyes of
/// average size and colour. Nothing in it comes from a patient but what the header says. Immutable;
/// safe to use from several threads.
class MaskFace {
 public:
  /// @param header  model, identity, scale and expressions. @param models_dir  of the imported
  /// models. Throws UsageError for an unknown model, DataError where its file is missing or where
  /// it lacks an expression.
  MaskFace(const MaskHeader& header, const std::filesystem::path& models_dir);

  /// A face of a frame, ready to be drawn.
  struct Posed {
    Camera camera;  ///< For the whole picture.
    ActorPose pose;
    /// By Side: the eye is drawn shut behind a patch.
    std::array<bool, 2> patched{};
    /// By Side: the lids cannot reach MRD1 and MRD2 and are as near as they come.
    std::array<bool, 2> unreached{};
  };
  /// A pure function of its arguments. @param frame  not fully blank.
  Posed Pose(const MaskHeader& header, const MaskFrame& frame) const;

  const Actor& actor() const { return *actor_; }
  /// From the head model's frame to that of the mesh's mean face, in which heads are measured.
  const Eigen::Matrix3d& face_from_model() const { return face_from_model_; }
  /// Plate before an eye that was not seen; in the camera's frame.
  Mesh Patch(Side side, const maskbench::Pose& head) const;

 private:
  std::unique_ptr<Actor> actor_;
  std::vector<int> units_;  ///< Of the model, for each of the header's expressions.
  int expression_count_ = 0;
  Eigen::Matrix3Xd rest_;     ///< Drawn vertices without expression.
  Eigen::Matrix3Xd neutral_;  ///< Of the model.
  Eigen::Matrix3d face_from_model_;
  std::array<Eigen::Vector3d, 2> centres_;             ///< Of the globes at rest.
  Eigen::Vector3d between_ = Eigen::Vector3d::Zero();  ///< Midway between them.
};

}  // namespace maskbench
