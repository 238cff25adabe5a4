// The mean face of the head model, the same for all patients.
#include "maskbench/masking/face_policy.h"

namespace maskbench {

FacePolicy MeanPolicy() {
  return {"mean", "the head model's mean, which is nobody's", false,
          [](const FacePolicySource&) { return FaceShape(); }};
}

}  // namespace maskbench
