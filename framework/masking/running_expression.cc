#include "running_expression.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace maskbench {
namespace {

constexpr double kEyeInSight = 0.5;
// Fits of the head model: the first after so many seconds of frames that are measured with
// calibrated eyes, then after times that grow by the factor, at most so much later than the one
// before; used from so much later on, and blended within so long.
constexpr double kFirstSeconds = 0.5, kGrowth = 3, kLongestSeconds = 120;
constexpr double kHandoverSeconds = 0.25, kBlendSeconds = 0.5;
constexpr std::int64_t kNever = 1'000'000'000;

double SmoothStep(double x) {
  const double t = std::clamp(x, 0.0, 1.0);
  return t * t * (3 - 2 * t);
}

FaceFitOptions FitOptions(cv::Size picture_px, double camera_distance_mm) {
  FaceFitOptions options;
  options.picture_px = picture_px;
  options.camera_distance_mm = camera_distance_mm;
  options.mesh_error_mm = kMaskMeshErrorMm;
  return options;  // Poses come in px per real mm: size 1.
}

}  // namespace

RunningExpression::RunningExpression(const HeadModel& model, cv::Size picture_px, FrameRate rate,
                                     int latency_frames, const MaskFaceFitOptions& options)
    : options_(options),
      rate_hz_(rate.hz()),
      collector_(model, FitOptions(picture_px, options.camera_distance_mm)),
      units_(collector_.identity().expressions),
      shown_(model, units_),
      schedule_(Frames(kFirstSeconds), kGrowth, Frames(kLongestSeconds)),
      since_cover_(kNever),
      since_known_(kNever),
      latency_(latency_frames),
      last_value_(Eigen::VectorXd::Zero(static_cast<Eigen::Index>(units_.size()))) {
  for (const int unit : units_)
    names_.push_back(model.ExpressionNames()[static_cast<size_t>(unit)]);
}

std::int64_t RunningExpression::Frames(double seconds) const {
  return static_cast<std::int64_t>(std::llround(seconds * rate_hz_));
}

Eigen::VectorXd RunningExpression::Shown(FaceFitter* fitter, const MeshFrame& frame, bool* known) {
  const FacePose pose = fitter->Fit(frame);
  *known = pose.status == FaceFitStatus::kFitted;
  if (!*known) return last_value_;
  const Eigen::VectorXf& usual = fitter->identity().usual_expression;
  Eigen::VectorXd value(static_cast<Eigen::Index>(units_.size()));
  for (size_t e = 0; e < units_.size(); ++e)
    value[static_cast<Eigen::Index>(e)] = pose.expression[units_[e]] - usual[units_[e]];
  if (fitter != now_.get()) return value;
  ++fitted_;
  without_trust_ += frame.trust == 0 ? 1 : 0;
  if (std::isfinite(pose.rms_px)) {
    square_ += static_cast<double>(pose.rms_px) * pose.rms_px;
    ++squares_;
  }
  return value;
}

void RunningExpression::Learn(const MeshFrame& frame, const NewestFrame& head) {
  if (head.calibrations == 0 || !frame.head.seen) return;
  if (size_ > 0 && size_ != head.size) collector_.ScalePoses(size_ / head.size);
  size_ = head.size;
  collector_.Look(frame);
  ++looked_;
  if (work_.under_way() || before_ || !schedule_.Due(looked_)) return;
  work_.Start(taken_ + Frames(kHandoverSeconds), false,
              [fitter = std::make_shared<FaceFitter>(collector_)] {
                fitter->SolveIdentity();
                return Solved{std::make_unique<FaceFitter>(std::move(*fitter))};
              });
}

void RunningExpression::Push(const FaceObservation& face, const NewestFrame& head,
                             const std::array<EyeEvidence, 2>* eyes) {
  if (auto solved = work_.Take(taken_); solved && solved->fitter->identity().known) {
    before_ = std::move(now_);
    now_ = std::move(solved->fitter);
    blended_since_ = taken_;
    ++fits_;
  }
  const double share = before_ ? SmoothStep(static_cast<double>(taken_ - blended_since_) /
                                            std::max(1.0, kBlendSeconds * rate_hz_))
                               : 1;
  if (share >= 1) before_.reset();

  Entry entry;
  const bool seen = head.seen && face.has_face() && eyes != nullptr;
  const bool covered = seen && std::min((*eyes)[0].in_sight, (*eyes)[1].in_sight) < kEyeInSight;
  since_cover_ = covered ? 0 : std::min(kNever, since_cover_ + 1);
  entry.since_cover = since_cover_;
  if (seen) {
    HeadView view = HeadOfOrbits({{{head.orbits[0]}, {head.orbits[1]}}}, 0, eyes);
    view.scale_px /= head.size;
    MeshFrame frame = MeshFrameOf(face, view, eyes);
    if (since_cover_ <= Frames(options_.guard_s)) frame.trust = 0;
    Learn(frame, head);
    if (now_) {
      bool known_before = false;
      const Eigen::VectorXd value = Shown(now_.get(), frame, &entry.known);
      const Eigen::VectorXd other = before_ ? Shown(before_.get(), frame, &known_before) : value;
      if (entry.known)
        last_value_ = known_before ? Eigen::VectorXd((1 - share) * other + share * value) : value;
    }
  }
  since_known_ = entry.known ? 0 : std::min(kNever, since_known_ + 1);
  entry.value = last_value_;
  // Gaps are bridged with what was known last.
  entry.known = since_known_ <= Frames(options_.hold_s);
  entries_.push_back(std::move(entry));
  ++taken_;
}

std::vector<double> RunningExpression::Next() {
  const size_t at = present_;
  Entry& entry = entries_[at];
  const auto guard = Frames(options_.guard_s);
  const double step = 1 / std::max(1.0, options_.return_s * rate_hz_);
  level_ = std::clamp(level_ + (entry.known ? step : -step), 0.0, 1.0);
  if (entry.since_cover <= guard) {
    level_ = 0;
  } else {
    // Gone by the time that something comes before an eye, as far as that is known.
    for (size_t j = at + 1; j < entries_.size(); ++j) {
      if (entries_[j].since_cover > 0) continue;
      level_ = std::min(level_, static_cast<double>(j - at) / static_cast<double>(latency_ + 1));
      break;
    }
  }
  entry.level = level_;
  const double sigma = std::max(1e-9, options_.smooth_s * rate_hz_);
  const auto reach = static_cast<size_t>(std::ceil(3 * sigma));
  Eigen::VectorXd sum = Eigen::VectorXd::Zero(last_value_.size());
  double total = 0;
  for (size_t j = at - std::min(at, reach); j < entries_.size() && j <= at + reach; ++j) {
    const double off = (static_cast<double>(j) - static_cast<double>(at)) / sigma;
    const double weight = std::exp(-0.5 * off * off);
    const double level =
        j <= at ? entries_[j].level : (entries_[j].since_cover <= guard ? 0 : level_);
    sum += weight * SmoothStep(level) * entries_[j].value;
    total += weight;
  }
  ++present_;
  if (present_ > reach) {
    entries_.pop_front();
    --present_;
  }
  return shown_.Of(sum / total);
}

Json RunningExpression::Notes() const {
  MaskFaceFit fit;
  fit.identity = identity();
  fit.frames_fitted = fitted_;
  fit.frames_without_trust = without_trust_;
  if (squares_ > 0) fit.residual_px_rms = std::sqrt(square_ / static_cast<double>(squares_));
  if (fit.identity.known) {
    fit.reprojection_px_rms = fit.identity.rms_px;
    fit.reprojection_mm_rms =
        fit.identity.rms_px * options_.camera_distance_mm / fit.identity.focal_px;
  }
  Json notes = fit.Notes();
  notes["fits"] = fits_;
  return notes;
}

}  // namespace maskbench
