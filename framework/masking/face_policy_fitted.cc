// The patient's own shape as far as the head model can take it on, which is the face of the
// published mask (Yang et al., Nature Medicine 28:1883, 2022).
#include "maskbench/masking/face_policy.h"

namespace maskbench {

FacePolicy FittedPolicy() {
  return {"fitted", "the patient's own shape, fitted, which hides least", true,
          [](const FacePolicySource& source) { return ShapeOf(source.patient); }};
}

}  // namespace maskbench
