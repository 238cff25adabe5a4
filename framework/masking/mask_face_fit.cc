#include "maskbench/masking/mask_face_fit.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "maskbench/perception/face_track.h"

#include "shown_expression.h"

namespace maskbench {
namespace {

constexpr double kInSight = 0.5;

double SmoothStep(double x) {
  const double t = std::clamp(x, 0.0, 1.0);
  return t * t * (3 - 2 * t);
}

/// By frame: frames to the nearest of the marked ones; infinite where there is none.
std::vector<double> DistanceTo(const std::vector<bool>& marked) {
  std::vector<double> distance(marked.size(), std::numeric_limits<double>::infinity());
  double since = std::numeric_limits<double>::infinity();
  for (size_t i = 0; i < marked.size(); ++i) {
    since = marked[i] ? 0 : since + 1;
    distance[i] = since;
  }
  since = std::numeric_limits<double>::infinity();
  for (size_t i = marked.size(); i-- > 0;) {
    since = marked[i] ? 0 : since + 1;
    distance[i] = std::min(distance[i], since);
  }
  return distance;
}

std::vector<bool> Covered(const EyeReading& reading) {
  std::vector<bool> covered(reading.eyes.size());
  for (size_t i = 0; i < covered.size(); ++i) {
    const auto& eyes = reading.eyes[i];
    covered[i] = eyes && std::min((*eyes)[0].in_sight, (*eyes)[1].in_sight) < kInSight;
  }
  return covered;
}

/// Fills gaps of up to `most` frames between known columns evenly.
void FillGaps(size_t most, std::vector<bool>* known, Eigen::MatrixXd* values) {
  size_t last = known->size();  // The known frame before; none yet.
  for (size_t i = 0; i < known->size(); ++i) {
    if (!(*known)[i]) continue;
    if (last < i && i - last - 1 <= most) {
      for (size_t k = last + 1; k < i; ++k) {
        const double share = static_cast<double>(k - last) / static_cast<double>(i - last);
        values->col(static_cast<Eigen::Index>(k)) =
            (1 - share) * values->col(static_cast<Eigen::Index>(last)) +
            share * values->col(static_cast<Eigen::Index>(i));
        (*known)[k] = true;
      }
    }
    last = i;
  }
}

/// Gaussian over the columns; at the ends, over those that there are.
Eigen::MatrixXd Smoothed(const Eigen::MatrixXd& values, double sigma) {
  const auto reach = static_cast<Eigen::Index>(std::ceil(3 * sigma));
  Eigen::MatrixXd smooth = Eigen::MatrixXd::Zero(values.rows(), values.cols());
  for (Eigen::Index i = 0; i < values.cols(); ++i) {
    double sum = 0;
    for (Eigen::Index j = std::max<Eigen::Index>(0, i - reach);
         j <= std::min(values.cols() - 1, i + reach); ++j) {
      const double off = static_cast<double>(j - i) / std::max(sigma, 1e-9);
      const double weight = std::exp(-0.5 * off * off);
      smooth.col(i) += weight * values.col(j);
      sum += weight;
    }
    smooth.col(i) /= sum;
  }
  return smooth;
}

}  // namespace

Json MaskFaceFit::Notes() const {
  Json notes = {{"frames_fitted", frames_fitted}, {"frames_without_trust", frames_without_trust}};
  const auto put = [&](const char* name, double value) {
    notes[name] = std::isfinite(value) ? Json(std::round(1000 * value) / 1000) : Json();
  };
  put("reprojection_px_rms", reprojection_px_rms);
  put("reprojection_mm_rms", reprojection_mm_rms);
  put("residual_px_rms", residual_px_rms);
  return notes;
}

std::vector<double> MeshTrust(const EyeReading& reading, double guard_s) {
  const std::vector<double> to_cover = DistanceTo(Covered(reading));
  std::vector<double> trust(reading.eyes.size(), 1);
  for (size_t i = 0; i < trust.size(); ++i) {
    if (to_cover[i] <= guard_s * reading.rate_hz) {
      trust[i] = 0;
    } else if (reading.eyes[i]) {
      trust[i] = MeshFrameOf({}, {}, &*reading.eyes[i]).trust;
    }
  }
  return trust;
}

MaskFaceFit FitMaskFace(const std::filesystem::path& track, const EyeReading& reading,
                        const EyeFit& fit, const HeadModel& model,
                        const MaskFaceFitOptions& options) {
  FaceFitOptions fit_options;
  fit_options.picture_px = reading.picture_px;
  fit_options.size = fit.size;
  fit_options.camera_distance_mm = options.camera_distance_mm;
  fit_options.mesh_error_mm = kMaskMeshErrorMm;
  const size_t count = reading.eyes.size();
  const double rate = reading.rate_hz;
  const std::vector<double> trust = MeshTrust(reading, options.guard_s);

  FaceFitter fitter(model, fit_options);
  const auto each_frame = [&](const auto& visit) {
    FaceTrackReader reader(track);
    FaceObservation face;
    for (size_t i = 0; i < count && reader.Next(&face); ++i) {
      const auto* eyes = reading.eyes[i] ? &*reading.eyes[i] : nullptr;
      MeshFrame frame = MeshFrameOf(face, HeadOfOrbits(fit.head, i, eyes));
      frame.trust = trust[i];
      visit(i, frame);
    }
  };
  each_frame([&](size_t, const MeshFrame& frame) { fitter.Look(frame); });
  fitter.SolveIdentity();

  MaskFaceFit result;
  result.identity = fitter.identity();
  const std::vector<int>& units = result.identity.expressions;
  for (const int unit : units)
    result.expressions.push_back(model.ExpressionNames()[static_cast<size_t>(unit)]);
  const auto rows = static_cast<Eigen::Index>(units.size());
  Eigen::MatrixXd shown = Eigen::MatrixXd::Zero(rows, static_cast<Eigen::Index>(count));
  std::vector<bool> known(count, false);
  double square = 0;
  std::int64_t squares = 0;
  each_frame([&](size_t i, const MeshFrame& frame) {
    const FacePose pose = fitter.Fit(frame);
    if (pose.status != FaceFitStatus::kFitted) return;
    ++result.frames_fitted;
    result.frames_without_trust += frame.trust == 0 ? 1 : 0;
    known[i] = true;
    for (Eigen::Index e = 0; e < rows; ++e) {
      const int unit = units[static_cast<size_t>(e)];
      shown(e, static_cast<Eigen::Index>(i)) =
          pose.expression[unit] - result.identity.usual_expression[unit];
    }
    if (std::isfinite(pose.rms_px)) {
      square += static_cast<double>(pose.rms_px) * pose.rms_px;
      ++squares;
    }
  });
  if (squares > 0) result.residual_px_rms = std::sqrt(square / static_cast<double>(squares));
  if (result.identity.known) {
    result.reprojection_px_rms = result.identity.rms_px;
    result.reprojection_mm_rms =
        result.identity.rms_px * options.camera_distance_mm / result.identity.focal_px;
  }

  FillGaps(static_cast<size_t>(options.hold_s * rate), &known, &shown);
  std::vector<bool> missing(known);
  missing.flip();
  const std::vector<double> to_missing = DistanceTo(missing),
                            to_cover = DistanceTo(Covered(reading));
  const double back = std::max(1e-9, options.return_s * rate);
  for (size_t i = 0; i < count; ++i) {
    shown.col(static_cast<Eigen::Index>(i)) *=
        SmoothStep(to_missing[i] / back) *
        SmoothStep((to_cover[i] - options.guard_s * rate) / back);
  }
  shown = Smoothed(shown, options.smooth_s * rate);
  const ShownExpression expression(model, units);
  for (size_t i = 0; i < count; ++i)
    result.activations.push_back(expression.Of(shown.col(static_cast<Eigen::Index>(i))));
  return result;
}

}  // namespace maskbench
