#include "maskbench/masking/causal_mask.h"

#include <utility>

#include "maskbench/core/error.h"
#include "maskbench/masking/mask_face_fit.h"
#include "maskbench/masking/mask_follower.h"
#include "maskbench/reconstruct/head_motion.h"
#include "maskbench/reconstruct/running_fit.h"

#include "running_expression.h"

namespace maskbench {
namespace {

constexpr double kEyeInSight = 0.5;

RunningFitOptions FitOptions(FrameRate rate, const CausalMaskOptions& options) {
  RunningFitOptions fit;
  fit.rate_hz = rate.hz();
  fit.latency_frames = options.latency_frames;
  fit.camera_distance_mm = options.camera_distance_mm;
  fit.start_s = options.start_s;
  return fit;
}

/// View px of the point between the globes. Where something hides one eye, its orbit is put where
/// it usually is against the other one.
Eigen::Vector2d Between(const RunningFrame& frame) {
  const auto globe = [&](size_t s) -> Eigen::Vector2d {
    const HeadView& view = frame.orbits[s];
    return (view.scale_px / frame.size * (view.rotation * frame.globes_mm[s]) + view.origin_px)
        .head<2>();
  };
  const bool right = frame.eyes[0].in_sight >= kEyeInSight,
             left = frame.eyes[1].in_sight >= kEyeInSight;
  if (right == left) return (globe(0) + globe(1)) / 2;
  const HeadView& view = frame.orbits[0];
  const Eigen::Vector2d half =
      view.scale_px / frame.size * (view.rotation.topLeftCorner<2, 2>() * frame.apart_mm) / 2;
  return right ? Eigen::Vector2d(globe(0) + half) : Eigen::Vector2d(globe(1) - half);
}

MaskSight SightOf(const RunningFrame& frame) {
  MaskSight sight;
  sight.seen = frame.seen;
  if (!frame.seen) return sight;
  sight.rotation = frame.orbits[0].rotation;
  sight.px_per_mm = frame.orbits[0].scale_px / frame.size;
  sight.between_px = Between(frame);
  for (size_t s = 0; s < 2; ++s) {
    const RunningEye& eye = frame.eyes[s];
    sight.eyes[s] = {eye.in_sight, eye.shut,    eye.camera_azimuth_deg, eye.camera_elevation_deg,
                     eye.mrd1_mm,  eye.mrd2_mm, eye.aperture_mm};
  }
  return sight;
}

}  // namespace

class CausalMask::Impl {
 public:
  Impl(const HeadModel& model, const Eigen::Matrix3Xd& canonical_mm,
       const std::array<Eigen::Vector3d, 2>& globes_mm, cv::Size picture_px, FrameRate rate,
       const CausalMaskOptions& options)
      : options_(options),
        motion_(canonical_mm),
        fit_(canonical_mm, globes_mm, FitOptions(rate, options)) {
    if (options.expression || options.needs_face) {
      MaskFaceFitOptions face;
      face.camera_distance_mm = options.camera_distance_mm;
      expression_.emplace(model, picture_px, rate, options.latency_frames, face);
    }
    header_.mode = MaskMode::kCausal;
    header_.latency_frames = options.latency_frames;
    header_.picture_px = picture_px;
    header_.rate = rate;
    header_.model = options.model;
    header_.policy = options.policy;
    header_.camera_distance_mm = options.camera_distance_mm;
    header_.stages = options.stages;
    if (options.expression) header_.expressions = expression_->names();
    header_.iris_diameter_mm = FitOptions(rate, options).iris_diameter_mm;
    follower_.emplace(header_.expressions.size(), options.hold_s * rate.hz());
  }

  std::optional<MaskFrame> Push(const FaceObservation& face,
                                const std::optional<std::array<EyeEvidence, 2>>& eyes) {
    const bool seen = face.has_face() && eyes.has_value();
    const std::optional<RunningFrame> due =
        fit_.Push(eyes, seen ? motion_.PointsOf(face) : Eigen::Matrix3Xf(3, 0));
    if (expression_) expression_->Push(face, fit_.newest(), seen ? &*eyes : nullptr);
    if (!due) return std::nullopt;
    return FrameOf(*due);
  }

  std::optional<MaskFrame> Finish() {
    const std::optional<RunningFrame> due = fit_.Finish();
    if (!due) return std::nullopt;
    return FrameOf(*due);
  }

  void RequireFace() {
    if (last_px_per_mm_ <= 0)
      throw DataError(
          "no face was found in any frame, so there is nothing that a mask could show.");
    if (!settled_) Settle();
  }

  const MaskHeader& header() const { return header_; }
  bool settled() const { return settled_; }
  const Json& face_notes() const { return face_notes_; }
  double longest_calibration_s() const { return fit_.longest_calibration_s(); }
  Json Notes() const {
    Json notes = {{"calibrations", calibrations_}};
    if (expression_) notes["face_fit"] = expression_->Notes();
    return notes;
  }

 private:
  MaskFrame FrameOf(const RunningFrame& frame) {
    std::vector<double> activations;
    if (expression_) activations = expression_->Next();
    if (!options_.expression) activations.clear();
    calibrations_ = frame.calibrations;
    if (frame.seen) {
      apart_mm_ = frame.apart_mm;
      last_px_per_mm_ = frame.orbits[0].scale_px / frame.size;
    }
    const bool started = frame.calibrations > 0 || frame.frames_seen > Frames(options_.start_s);
    const bool has_face = !options_.needs_face || expression_->identity().known;
    const bool has_spacing = !options_.needs_spacing || frame.calibrations > 0;
    if (!settled_ && frame.seen && started && has_face && has_spacing) Settle();
    if (!settled_) {
      MaskFrame blank;
      blank.status = frame.seen ? MaskStatus::kStarting : MaskStatus::kLost;
      blank.expression.resize(header_.expressions.size());
      return blank;
    }
    MaskFrame shown = follower_->Next(SightOf(frame), activations);
    if (shown.status == MaskStatus::kSeen && frame.calibrations == 0)
      shown.status = MaskStatus::kStarting;
    return shown;
  }

  std::int64_t Frames(double seconds) const {
    return static_cast<std::int64_t>(std::llround(seconds * header_.rate.hz()));
  }

  void Settle() {
    const FaceShape face =
        options_.choose(options_.needs_face ? &expression_->identity() : nullptr,
                        calibrations_ > 0 ? std::optional<double>(apart_mm_.norm()) : std::nullopt);
    header_.identity = face.identity;
    header_.scale = face.scale;
    face_notes_ = face.notes;
    // The camera of the whole recording: as far away as this face is taken to be now.
    header_.focal_px = options_.camera_distance_mm * last_px_per_mm_;
    settled_ = true;
  }

  CausalMaskOptions options_;
  HeadMotion motion_;
  RunningFit fit_;
  std::optional<RunningExpression> expression_;
  std::optional<MaskFollower> follower_;
  MaskHeader header_;
  bool settled_ = false;
  int calibrations_ = 0;
  double last_px_per_mm_ = 0;
  Eigen::Vector2d apart_mm_ = Eigen::Vector2d::Zero();
  Json face_notes_;
};

CausalMask::CausalMask(const HeadModel& model, const Eigen::Matrix3Xd& canonical_mm,
                       const std::array<Eigen::Vector3d, 2>& globes_mm, cv::Size picture_px,
                       FrameRate rate, const CausalMaskOptions& options)
    : impl_(std::make_unique<Impl>(model, canonical_mm, globes_mm, picture_px, rate, options)) {}
CausalMask::~CausalMask() = default;

std::optional<MaskFrame> CausalMask::Push(const FaceObservation& face,
                                          const std::optional<std::array<EyeEvidence, 2>>& eyes) {
  return impl_->Push(face, eyes);
}
std::optional<MaskFrame> CausalMask::Finish() { return impl_->Finish(); }
const MaskHeader& CausalMask::header() const { return impl_->header(); }
bool CausalMask::settled() const { return impl_->settled(); }
void CausalMask::RequireFace() { impl_->RequireFace(); }
Json CausalMask::Notes() const { return impl_->Notes(); }
const Json& CausalMask::face_notes() const { return impl_->face_notes(); }
double CausalMask::longest_calibration_s() const { return impl_->longest_calibration_s(); }

}  // namespace maskbench
