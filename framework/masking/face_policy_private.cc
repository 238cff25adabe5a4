// A face that nobody has, drawn from a secret: masks of another secret show another one, so that
// they cannot be compared by the face they show.
#include <algorithm>
#include <cmath>

#include "maskbench/core/error.h"
#include "maskbench/core/rng.h"
#include "maskbench/masking/face_policy.h"
#include "maskbench/masking/shape_gallery.h"

namespace maskbench {
namespace {

// The head model's coefficients have a standard deviation of 1 in people. None beyond 2, and
// neither too far from the mean face nor hardly another than that: people of the head models are 2
// to 14 mm from it, half of them about 5 or less.
constexpr double kMost = 2, kNearestMm = 3, kFarthestMm = 7;
constexpr int kMostDraws = 10'000;

FaceShape Choose(const FacePolicySource& source) {
  const FacePolicyOptions& options = source.options;
  const bool own = options.scope == "patient";
  if (own && source.patient_id.empty()) {
    throw DataError(
        "it is not known whose recording this is, so no face of the patient's own can be drawn: "
        "name the patient, or let the whole institution show one face.");
  }
  const Secret& secret = options.secret.empty() ? options.secret_file.secret : options.secret;
  const std::string key =
      secret.Derive("face of " + (own ? "patient " + source.patient_id : "the institution"));
  NamedRandom random(0, key, "private face");
  const auto count = static_cast<size_t>(std::min(kShapeDims, source.model.IdentityDims()));
  const ShapeSpace space(source.model, kShapeDims);
  const Eigen::VectorXd mean = space.VectorOf({}, 1);
  for (int draw = 0; draw < kMostDraws; ++draw) {
    FaceShape shape;
    while (shape.identity.size() < count) {
      const double coefficient = random.Normal();
      if (std::abs(coefficient) <= kMost) shape.identity.push_back(coefficient);
    }
    const double far_mm = (space.VectorOf(shape.identity, shape.scale) - mean).norm();
    if (far_mm >= kNearestMm && far_mm <= kFarthestMm) return shape;
  }
  throw DataError("the head model has too few shapes for a face to be drawn from.");
}

}  // namespace

FacePolicy PrivatePolicy() {
  return {"private", "a face drawn from a secret, one for all patients or one for each (scope)",
          false, Choose};
}

}  // namespace maskbench
