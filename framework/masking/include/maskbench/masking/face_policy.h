#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "maskbench/core/input_file.h"
#include "maskbench/core/option_table.h"
#include "maskbench/core/secret.h"
#include "maskbench/head/head_model.h"
#include "maskbench/reconstruct/face_fit.h"

namespace maskbench {

/// A shape has so many identity coefficients: those that a face is fitted with.
inline constexpr int kShapeDims = 40;

/// Options of the policies. Each looks at its own alone.
struct FacePolicyOptions {
  int identity_dimensions = 10;       ///< `truncated`.
  int k = 10;                         ///< `k_same`.
  InputFile gallery;                  ///< `k_same`.
  Secret secret;                      ///< `private`.
  SecretFile secret_file;             ///< `private`.
  std::string scope = "institution";  ///< `private`.
};

/// What a policy may make a mask's face from.
struct FacePolicySource {
  const HeadModel& model;
  /// The patient's face as it was fitted; null for policies that do not look at it.
  const FaceIdentity* patient = nullptr;
  /// For policies that draw at random (NamedRandom).
  std::uint64_t seed = 0;
  const std::string& anonymous_id;  ///< Of the recording.
  FacePolicyOptions options = {};
  /// AnonymousPatient of who is recorded; empty where that is not known.
  std::string patient_id = {};
};

/// Whose face a mask shows. Shape and scale stand in the file of parameters.
struct FaceShape {
  std::vector<double> identity;  ///< MaskHeader::identity.
  double scale = 1;              ///< MaskHeader::scale.
  Json notes = Json::object();   ///< For MaskReport::notes; neither in the file nor a secret.
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

/// Coefficients and scale of a fit, without those that it left at 0 at the end.
/// Throws DataError where the face could not be fitted.
FaceShape ShapeOf(const FaceIdentity* patient);

/// What contradicts the policy among the options. @param path  of the options.
void CheckFacePolicyOptions(const std::string& policy, const FacePolicyOptions& options,
                            const std::string& path, Problems* problems);

/// Adds the policies' options to those of a method. `O` derives from FacePolicyOptions.
template <class O>
void AddFacePolicyOptions(OptionTable<O>* table) {
  table
      ->Add(
          "identity_dimensions", static_cast<int O::*>(&O::identity_dimensions),
          "With policy `truncated`: how many of the fitted shape's coefficients are shown, in the "
          "head model's order, coarse ones first by and large; 0 is the mean, 40 all of them.",
          {Range(0, kShapeDims)})
      .Add("k", static_cast<int O::*>(&O::k),
           "With policy `k_same`: how many people of the gallery share a face, at least.",
           {Range(2, 1000)})
      .Add("gallery", static_cast<InputFile O::*>(&O::gallery),
           "With policy `k_same`: file of shapes, made by `maskbench gallery`; when empty, 1000 "
           "people that are drawn from the head model.")
      .Add("secret", static_cast<Secret O::*>(&O::secret),
           "With policy `private`: what the face is drawn from, at least 12 characters. Results "
           "name its fingerprint only, but a command line is seen by others and a configuration "
           "is kept: prefer `secret_file`.")
      .Add("secret_file", static_cast<SecretFile O::*>(&O::secret_file),
           "With policy `private`: a file with the secret.")
      .Add("scope", static_cast<std::string O::*>(&O::scope),
           "With policy `private`: whether all patients show one face, or each a face of their "
           "own in all recordings.",
           {OneOf({"institution", "patient"})})
      .Check([](const O& options, const std::string& path, Problems* problems) {
        CheckFacePolicyOptions(options.policy, options, path, problems);
      });
}

}  // namespace maskbench
