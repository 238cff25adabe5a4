#pragma once

#include <memory>
#include <optional>
#include <string>

#include "maskbench/core/option_table.h"
#include "maskbench/head/head_model.h"
#include "maskbench/masking/face_policy.h"
#include "maskbench/masking/mask_parameters.h"
#include "maskbench/reconstruct/eye_fit.h"

namespace maskbench {

/// What else of a patient a mask shows or leaves out, whatever face it has. None of it changes lid
/// heights or visual axes against the camera.
struct MaskSwitches {
  std::string eye_spacing = "face";
  std::string posture = "levelled";
  std::string pose = "kept";
  double pose_limit_deg = 15;
};

/// Distance of the globes' centres in the frontal plane of the head, mm at the assumed iris: median
/// over the frames in which both eyes are in sight; nothing where there are none.
std::optional<double> EyeSpacingMm(const EyeFit& fit);
/// The same of a face of the head model, mm of the model.
double EyeSpacingMm(const HeadModel& model, const std::vector<double>& identity);

/// Makes the head larger or smaller until its eyes are as far apart as `switches.eye_spacing` says.
/// @param patient_mm  EyeSpacingMm of the patient. Throws DataError where that is asked for and not
/// known.
void SpaceEyes(const MaskSwitches& switches, std::optional<double> patient_mm,
               const HeadModel& model, FaceShape* face);

/// How a patient usually holds his head in a recording: medians over the frames in which it was
/// seen. What a mesh says of a head's pitch hangs on the face's shape more than on the head
/// (rendered people differ by 5°, days of one of them by 1.5°), so that it tells people apart who
/// hold their heads alike.
class UsualPosture {
 public:
  explicit UsualPosture(const MaskSwitches& switches);
  ~UsualPosture();
  UsualPosture(UsualPosture&&) noexcept;

  /// Takes a frame into account, unless its head was held or lost.
  void Add(const MaskFrame& frame);
  /// Turns the head of a frame against what is usual among the frames added so far, as
  /// `switches.posture` says. Nothing changes before the first one.
  void TakeOut(MaskFrame* frame) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// Forgets what a mask without lids or eyeballs measured and does not show. No picture changes.
void ForgetUnshown(const MaskStages& stages, MaskFrame* frame);

/// Holds the head of a frame within what `switches.pose` allows. Place and size stay, and so do
/// lids and visual axes, which are held against the camera.
void LimitPose(const MaskSwitches& switches, MaskFrame* frame);

/// Adds the switches to the options of a method. `O` derives from MaskSwitches.
template <class O>
void AddMaskSwitches(OptionTable<O>* table) {
  table
      ->Add("eye_spacing", static_cast<std::string O::*>(&O::eye_spacing),
            "How far apart the eyes are: as the chosen face has it, as the patient has it, or as "
            "the head model's mean. The whole head becomes larger or smaller for it.",
            {OneOf({"face", "patient", "mean"})})
      .Add("posture", static_cast<std::string O::*>(&O::posture),
           "How the head is held on the whole. kept: as it was read. levelled: its pitch against "
           "the recording's median (in mode `causal` that of the frames so far), so that nods stay "
           "and a lifted chin is lost: what was read of it hangs on the face's shape, and tells "
           "people apart. relative: yaw and roll as well, so that a head tilt is lost too. "
           "unsafe_overlay always keeps it.",
           {OneOf({"kept", "levelled", "relative"})})
      .Add("pose", static_cast<std::string O::*>(&O::pose),
           "How the head turns: as the patient's, no farther than `pose_limit_deg`, or not at all. "
           "Lids and lines of sight stay; how the head is held is lost beyond the limit.",
           {OneOf({"kept", "limited", "frontal"})})
      .Add("pose_limit_deg", static_cast<double O::*>(&O::pose_limit_deg),
           "With pose `limited`: most yaw, pitch and roll, degrees.", {Range(0, 90)});
}

}  // namespace maskbench
