#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "maskbench/head/head_model.h"
#include "maskbench/reconstruct/face_fit.h"

namespace maskbench {

/// What a policy may make a mask's face from.
struct FacePolicySource {
  const HeadModel& model;
  /// The patient's face as it was fitted; null for policies that do not look at it.
  const FaceIdentity* patient = nullptr;
  /// For policies that draw at random (NamedRandom).
  std::uint64_t seed = 0;
  const std::string& anonymous_id;  ///< Of the recording.
};

/// Whose face a mask shows. All of it stands in the file of parameters.
struct FaceShape {
  std::vector<double> identity;  ///< MaskHeader::identity.
  double scale = 1;              ///< MaskHeader::scale.
};

/// Chooses the face that the masks of a recording show.
struct FacePolicy {
  std::string name;
  std::string summary;  ///< Follows the name in the option's help.
  bool looks_at_patient = false;
  /// Throws DataError where there is no such face.
  std::function<FaceShape(const FacePolicySource&)> choose;
};

/// All policies, in the order of face_policies.cc.
const std::vector<FacePolicy>& FacePolicies();
std::vector<std::string> FacePolicyNames();
/// Throws UsageError for an unknown name.
const FacePolicy& FindFacePolicy(const std::string& name);

}  // namespace maskbench
