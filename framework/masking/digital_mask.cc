// The digital mask (Yang et al., Nature Medicine 28:1883, 2022): a rendered face that nobody has,
// with the patient's lids and eyes. docs/digital_mask.md says what is kept and what is not.
#include <array>
#include <memory>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/head/head_registry.h"
#include "maskbench/masking/face_policy.h"
#include "maskbench/masking/mask_face_fit.h"
#include "maskbench/masking/mask_measures.h"
#include "maskbench/masking/mask_overlay.h"
#include "maskbench/masking/mask_parameters.h"
#include "maskbench/masking/mask_video.h"
#include "maskbench/masking/masker.h"
#include "maskbench/nn/eye_network.h"

namespace maskbench {
namespace {

std::string PolicyHelp() {
  std::string help = "Whose face is shown";
  const char* before = ": ";
  for (const FacePolicy& policy : FacePolicies()) {
    help += fmt::format("{}`{}`, {}", before, policy.name, policy.summary);
    before = "; ";
  }
  return help + ".";
}

struct DigitalMaskOptions {
  std::string model = "parametric";
  std::string policy = "mean";
  bool eyelid = true;
  bool eyeball = true;
  bool retargeting = true;
  bool expression = true;
  double camera_distance_mm = EyeFitOptions().camera_distance_mm;
  std::string parameters;

  static const OptionTable<DigitalMaskOptions>& Options() {
    using O = DigitalMaskOptions;
    static const auto table =
        OptionTable<O>()
            .Add("model", &O::model, "Head model whose face is shown.",
                 {OneOf({"parametric", "canonical468"})})
            .Add("policy", &O::policy, PolicyHelp(), {OneOf(FacePolicyNames())})
            .Add("eyelid", &O::eyelid,
                 "Lids follow MRD1, MRD2 and blinks. Without: the mean face's resting lids.")
            .Add("eyeball", &O::eyeball,
                 "Eyes follow the visual axes. Without: they look straight ahead of the head.")
            .Add("retargeting", &O::retargeting,
                 "Lids and axes are solved so that the mask measures what the patient does. "
                 "Without: measured numbers are put into the mask's joints as they are.")
            .Add("expression", &O::expression,
                 "Brows, nose and mouth follow the patient's, against the patient's usual "
                 "expression. Without: the face's own at rest.")
            .Add("camera_distance_mm", &O::camera_distance_mm,
                 "Distance of the eyes from the camera, mm; matters little.", {Range(100, 10000)})
            .Add("parameters", &O::parameters,
                 "Where the parameters that the mask shows are written as well: a file, or a "
                 "folder in which each recording gets ANONYMOUS_ID.mask; nowhere when empty.");
    return table;
  }
};

class DigitalMask : public Masker {
 public:
  /// @param over_original  the mask's face is laid over the recording's frames (unsafe).
  DigitalMask(const DigitalMaskOptions& options, const Context& context, bool over_original)
      : options_(options), context_(context), over_original_(over_original) {}

  std::string Extension(const Recording&) const override { return context_.delivery.Extension(); }

  MaskReport Mask(const MaskJob& job) override {
    const std::string bytes = SerialiseMaskParameters(Measure(job));
    MaskVideo::Keep(bytes, options_.parameters, job.recording.anonymous_id);
    // From here on nothing is known but what the file would say. The overlay alone also gets the
    // recording's frames, to leave what lies round the mask's face.
    const std::string origin = "mask parameters of " + job.recording.anonymous_id;
    MaskReport report;
    if (over_original_) {
      MaskOverlay overlay(job.recording);
      report = video_->Draw(bytes, origin, job.output, context_.delivery, overlay.AfterFrame());
    } else {
      report = video_->Draw(bytes, origin, job.output, context_.delivery);
    }
    if (face_fit_) report.notes["face_fit"] = face_fit_->Notes();
    return report;
  }

 private:
  MaskParameters Measure(const MaskJob& job) {
    if (!reader_) {
      if (context_.networks == nullptr)
        throw UsageError("the digital mask needs the eye network, but no networks are given.");
      canonical_mm_ = CanonicalFace(context_.networks->models_dir());
      globes_mm_ = CanonicalGlobes(context_.networks->models_dir());
      reader_.emplace(*context_.networks);
      video_.emplace(context_.networks->models_dir());
      model_ = MakeHeadModel(options_.model, context_.networks->models_dir());
    }
    const EyeReading reading = reader_->Read(job.recording, job.track, canonical_mm_);
    if (reading.frames_with_face == 0)
      throw DataError(
          "no face was found in any frame, so there is nothing that a mask could show.");
    EyeFitOptions fit_options;
    fit_options.camera_distance_mm = options_.camera_distance_mm;
    const EyeFit fit = FitEyes(reading, canonical_mm_, globes_mm_, fit_options);
    MaskMeasureOptions options;
    options.model = options_.model;
    options.stages = {options_.eyelid, options_.eyeball, options_.retargeting};
    options.camera_distance_mm = options_.camera_distance_mm;
    const FacePolicy& policy = FindFacePolicy(options_.policy);
    face_fit_.reset();
    if (options_.expression || policy.looks_at_patient) {
      MaskFaceFitOptions face_options;
      face_options.camera_distance_mm = options_.camera_distance_mm;
      face_fit_ = FitMaskFace(job.track, reading, fit, *model_, face_options);
    }
    options.policy = policy.name;
    options.face = policy.choose({*model_, policy.looks_at_patient ? &face_fit_->identity : nullptr,
                                  job.seed, job.recording.anonymous_id});
    options.expressions = options_.expression ? &*face_fit_ : nullptr;
    return MeasureMask(reading, fit, job.recording.info.rate, options);
  }

  DigitalMaskOptions options_;
  Context context_;
  bool over_original_;
  std::optional<EyeReader> reader_;
  Eigen::Matrix3Xd canonical_mm_;
  std::array<Eigen::Vector3d, 2> globes_mm_;
  std::unique_ptr<const HeadModel> model_;
  std::optional<MaskFaceFit> face_fit_;  ///< Of the present recording, where one is needed.
  std::optional<MaskVideo> video_;
};

}  // namespace

void RegisterDigitalMask(Registry<Masker>* registry) {
  registry->Add<DigitalMaskOptions>(
      {"digital_mask",
       2,
       "A rendered face, nobody's by default, with the patient's lids, gaze, expressions and head "
       "movements.",
       {EyeNetworkContract().name, "head/parametric", "head/canonical468"}},
      [](const DigitalMaskOptions& options, const Masker::Context& context) {
        return std::make_unique<DigitalMask>(options, context, false);
      });
}

void RegisterUnsafeOverlay(Registry<Masker>* registry) {
  registry->Add<DigitalMaskOptions>(
      {"unsafe_overlay",
       1,
       "UNSAFE, for comparison only: the digital mask's face laid over the original frame, so that "
       "hair, ears, outline of the face and background remain.",
       {EyeNetworkContract().name, "head/parametric", "head/canonical468"}},
      [](const DigitalMaskOptions& options, const Masker::Context& context) {
        return std::make_unique<DigitalMask>(options, context, true);
      });
}

}  // namespace maskbench
