#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/masking/face_policy.h"

namespace maskbench {

// One line per policy: its function `NamePolicy` is declared here and called below.
#define MASKBENCH_FACE_POLICIES(X) \
  X(Mean)                          \
  X(Fitted)

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

}  // namespace maskbench
