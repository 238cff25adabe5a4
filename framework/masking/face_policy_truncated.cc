// The coarse part of the patient's shape: its first coefficients, the others being those of the
// mean. Between `mean` (none) and `fitted` (all).
#include <algorithm>

#include "maskbench/masking/face_policy.h"

namespace maskbench {

FacePolicy TruncatedPolicy() {
  return {"truncated", "the first identity_dimensions of the fitted shape", true,
          [](const FacePolicySource& source) {
            // How large the head is against the iris is told as well where any shape is.
            if (source.options.identity_dimensions == 0) return FaceShape();
            FaceShape shape = ShapeOf(source.patient);
            shape.identity.resize(std::min(
                shape.identity.size(), static_cast<size_t>(source.options.identity_dimensions)));
            return shape;
          }};
}

}  // namespace maskbench
