// The patient's own shape as far as the head model can take it on, which is the face of the
// published mask (Yang et al., Nature Medicine 28:1883, 2022).
#include "maskbench/core/error.h"
#include "maskbench/masking/face_policy.h"

namespace maskbench {

FacePolicy FittedPolicy() {
  return {"fitted", "the patient's own shape, fitted, which hides least", true,
          [](const FacePolicySource& source) {
            if (source.patient == nullptr || !source.patient->known)
              throw DataError("the face could not be fitted in any frame, so it has no shape.");
            const Eigen::VectorXd& identity = source.patient->identity;
            FaceShape shape;
            shape.identity.assign(identity.data(), identity.data() + identity.size());
            // Coefficients that the fit left out take no place in the file.
            while (!shape.identity.empty() && shape.identity.back() == 0) shape.identity.pop_back();
            shape.scale = source.patient->scale;
            return shape;
          }};
}

}  // namespace maskbench
