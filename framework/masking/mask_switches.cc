#include "maskbench/masking/mask_switches.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <queue>
#include <vector>

#include <Eigen/LU>

#include "maskbench/core/error.h"

namespace maskbench {
namespace {

constexpr double kEyeInSight = 0.5;
// No head is so small or so large against its irises; what says so is an error of measuring.
constexpr double kLeastScale = 0.8, kMostScale = 1.25;

/// Median of the numbers so far: half of them in each heap, the larger half on top.
class RunningMedian {
 public:
  void Add(double value) {
    if (lower_.empty() || value <= lower_.top())
      lower_.push(value);
    else
      upper_.push(value);
    if (lower_.size() > upper_.size() + 1) {
      upper_.push(lower_.top());
      lower_.pop();
    } else if (upper_.size() > lower_.size()) {
      lower_.push(upper_.top());
      upper_.pop();
    }
  }
  /// 0 without numbers; the mean of the middle two where their count is even.
  double Value() const {
    if (lower_.empty()) return 0;
    return lower_.size() > upper_.size() ? lower_.top() : (lower_.top() + upper_.top()) / 2;
  }

 private:
  std::priority_queue<double> lower_;
  std::priority_queue<double, std::vector<double>, std::greater<>> upper_;
};

}  // namespace

std::optional<double> EyeSpacingMm(const EyeFit& fit) {
  std::vector<double> apart_mm;
  for (size_t i = 0; i < fit.head[0].size(); ++i) {
    if (!fit.head[0][i].seen) continue;
    bool in_sight = true;
    for (size_t s = 0; s < 2; ++s) in_sight &= fit.record.eyes[s].in_sight[i] >= kEyeInSight;
    if (!in_sight) continue;
    const auto at = [&](size_t s) -> Eigen::Vector2d {
      const HeadView& view = fit.head[s][i];
      return (view.scale_px / fit.size * (view.rotation * fit.eyes[s].centre_mm) + view.origin_px)
          .head<2>();
    };
    const HeadView& view = fit.head[0][i];
    const Eigen::Matrix2d in_head = view.scale_px / fit.size * view.rotation.topLeftCorner<2, 2>();
    apart_mm.push_back((in_head.inverse() * (at(1) - at(0))).norm());
  }
  if (apart_mm.empty()) return std::nullopt;
  const auto middle = apart_mm.begin() + static_cast<std::ptrdiff_t>(apart_mm.size() / 2);
  std::nth_element(apart_mm.begin(), middle, apart_mm.end());
  return *middle;
}

double EyeSpacingMm(const HeadModel& model, const std::vector<double>& identity) {
  const Eigen::Map<const Eigen::VectorXd> coefficients(identity.data(),
                                                       static_cast<Eigen::Index>(identity.size()));
  const Eigen::Matrix3Xd vertices = model.Evaluate(coefficients, {});
  const auto& centres = model.Topology().globe_centre;
  return (Locate(centres[1], vertices) - Locate(centres[0], vertices)).head<2>().norm();
}

void SpaceEyes(const MaskSwitches& switches, std::optional<double> patient_mm,
               const HeadModel& model, FaceShape* face) {
  if (switches.eye_spacing == "face") return;
  if (switches.eye_spacing == "patient" && !patient_mm) {
    throw DataError("both eyes are never in sight at once, so their distance is not known.");
  }
  const double wanted = switches.eye_spacing == "patient" ? *patient_mm : EyeSpacingMm(model, {});
  face->scale = std::clamp(wanted / EyeSpacingMm(model, face->identity), kLeastScale, kMostScale);
}

class UsualPosture::Impl {
 public:
  explicit Impl(const MaskSwitches& switches)
      : pitch_(switches.posture != "kept"), turn_(switches.posture == "relative") {}

  void Add(const MaskFrame& frame) {
    if (frame.opacity <= 0 || frame.status == MaskStatus::kHeld ||
        frame.status == MaskStatus::kLost)
      return;
    if (pitch_) usual_[1].Add(frame.pitch_deg);
    if (!turn_) return;
    usual_[0].Add(frame.yaw_deg);
    usual_[2].Add(frame.roll_deg);
  }

  void TakeOut(MaskFrame* frame) const {
    frame->yaw_deg -= usual_[0].Value();
    frame->pitch_deg -= usual_[1].Value();
    frame->roll_deg -= usual_[2].Value();
  }

 private:
  bool pitch_, turn_;
  std::array<RunningMedian, 3> usual_;  // Yaw, pitch, roll.
};

UsualPosture::UsualPosture(const MaskSwitches& switches)
    : impl_(std::make_unique<Impl>(switches)) {}
UsualPosture::~UsualPosture() = default;
UsualPosture::UsualPosture(UsualPosture&&) noexcept = default;
void UsualPosture::Add(const MaskFrame& frame) { impl_->Add(frame); }
void UsualPosture::TakeOut(MaskFrame* frame) const { impl_->TakeOut(frame); }

void ForgetUnshown(const MaskStages& stages, MaskFrame* frame) {
  for (MaskEye& eye : frame->eyes) {
    if (!stages.eyeball) eye.azimuth_deg = eye.elevation_deg = 0;
    if (stages.eyelid) continue;
    eye.mrd1_mm = eye.mrd2_mm = eye.aperture_mm = 0;
    if (eye.status != MaskEyeStatus::kNotSeen) eye.status = MaskEyeStatus::kOpen;
  }
}

void LimitPose(const MaskSwitches& switches, MaskFrame* frame) {
  if (switches.pose == "kept") return;
  const double most = switches.pose == "frontal" ? 0 : switches.pose_limit_deg;
  for (double* angle : {&frame->yaw_deg, &frame->pitch_deg, &frame->roll_deg})
    *angle = std::clamp(*angle, -most, most);
}

}  // namespace maskbench
