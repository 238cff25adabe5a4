#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/masking/face_policy.h"

namespace maskbench {

// One line per policy: its function `NamePolicy` is declared here and called below.
#define MASKBENCH_FACE_POLICIES(X) \
  X(Mean)                          \
  X(Fitted)                        \
  X(Truncated)                     \
  X(KSame)                         \
  X(Private)

#define MASKBENCH_DECLARE(Name) FacePolicy Name##Policy();
MASKBENCH_FACE_POLICIES(MASKBENCH_DECLARE)
#undef MASKBENCH_DECLARE

const std::vector<FacePolicy>& FacePolicies() {
#define MASKBENCH_CALL(Name) Name##Policy(),
  static const std::vector<FacePolicy> policies = {MASKBENCH_FACE_POLICIES(MASKBENCH_CALL)};
#undef MASKBENCH_CALL
  return policies;
}

std::vector<std::string> FacePolicyNames() {
  std::vector<std::string> names;
  for (const FacePolicy& policy : FacePolicies()) names.push_back(policy.name);
  return names;
}

const FacePolicy& FindFacePolicy(const std::string& name) {
  for (const FacePolicy& policy : FacePolicies())
    if (policy.name == name) return policy;
  throw UsageError(fmt::format("\"{}\" is no policy of a mask's face.", name));
}

FaceShape ShapeOf(const FaceIdentity* patient) {
  if (patient == nullptr || !patient->known)
    throw DataError("the face could not be fitted in any frame, so it has no shape.");
  FaceShape shape;
  shape.identity.assign(patient->identity.data(),
                        patient->identity.data() + patient->identity.size());
  // Coefficients that the fit left out take no place in the file.
  while (!shape.identity.empty() && shape.identity.back() == 0) shape.identity.pop_back();
  shape.scale = patient->scale;
  return shape;
}

void CheckFacePolicyOptions(const std::string& policy, const FacePolicyOptions& options,
                            const std::string& path, Problems* problems) {
  const auto at = [&](const char* name) { return option_internal::MemberPath(path, name); };
  const bool text = !options.secret.empty(), file = !options.secret_file.secret.empty();
  if (policy == "private") {
    if (!text && !file) problems->Add(at("policy"), "\"private\" needs secret_file, or secret");
    if (text && file) problems->Add(at("secret"), "is given beside secret_file; one is enough");
  } else {
    if (text) problems->Add(at("secret"), "is for the policy \"private\" alone");
    if (file) problems->Add(at("secret_file"), "is for the policy \"private\" alone");
  }
  if (policy != "k_same" && !options.gallery.empty())
    problems->Add(at("gallery"), "is for the policy \"k_same\" alone");
}

}  // namespace maskbench
