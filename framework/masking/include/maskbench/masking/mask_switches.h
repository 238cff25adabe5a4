#pragma once

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
      .Add("pose", static_cast<std::string O::*>(&O::pose),
           "How the head turns: as the patient's, no farther than `pose_limit_deg`, or not at all. "
           "Lids and lines of sight stay; how the head is held is lost beyond the limit.",
           {OneOf({"kept", "limited", "frontal"})})
      .Add("pose_limit_deg", static_cast<double O::*>(&O::pose_limit_deg),
           "With pose `limited`: most yaw, pitch and roll, degrees.", {Range(0, 90)});
}

}  // namespace maskbench
