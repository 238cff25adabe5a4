// The digital mask (Yang et al., Nature Medicine 28:1883, 2022): a rendered face that nobody has,
// with the patient's lids and eyes. docs/digital_mask.md says what is kept and what is not.
#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/head/head_registry.h"
#include "maskbench/masking/causal_mask.h"
#include "maskbench/masking/face_policy.h"
#include "maskbench/masking/mask_face_fit.h"
#include "maskbench/masking/mask_measures.h"
#include "maskbench/masking/mask_overlay.h"
#include "maskbench/masking/mask_parameters.h"
#include "maskbench/masking/mask_reconstruction.h"
#include "maskbench/masking/mask_switches.h"
#include "maskbench/masking/mask_video.h"
#include "maskbench/masking/masker.h"
#include "maskbench/masking/stored_file.h"
#include "maskbench/media/frame_source.h"
#include "maskbench/nn/eye_network.h"
#include "maskbench/perception/face_track.h"
#include "maskbench/perception/face_tracker.h"

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

struct DigitalMaskOptions : FacePolicyOptions, MaskSwitches {
  std::string model = "parametric";
  std::string policy = "mean";
  bool eyelid = true;
  bool eyeball = true;
  bool retargeting = true;
  bool expression = true;
  double camera_distance_mm = EyeFitOptions().camera_distance_mm;
  std::string parameters;
  std::string mode = "offline";
  int latency_frames = 6;

  static const OptionTable<DigitalMaskOptions>& Options() {
    using O = DigitalMaskOptions;
    static const auto table = [] {
      OptionTable<O> made;
      made.Add("model", &O::model, "Head model whose face is shown.",
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
               "folder in which each recording gets ANONYMOUS_ID.mask; nowhere when empty.")
          .Add(
              "mode", &O::mode,
              "`offline` looks at the whole recording to calibrate eyeballs, head and camera, then "
              "draws. `causal` goes through it once: a frame depends on those before it and on "
              "`latency_frames` after it.",
              {OneOf({"offline", "causal"})})
          .Add("latency_frames", &O::latency_frames,
               "With mode `causal`: how many later frames a frame of the mask waits for.",
               {Range(0, 60)});
      AddFacePolicyOptions(&made);
      AddMaskSwitches(&made);
      return made;
    }();
    return table;
  }
};

class DigitalMask : public Masker {
 public:
  /// @param over_original  the mask's face is laid over the recording's frames (unsafe).
  DigitalMask(const DigitalMaskOptions& options, const Context& context, bool over_original)
      : options_(options), context_(context), over_original_(over_original) {
    // What is laid over a head is held as that is.
    if (over_original_) options_.posture = "kept";
  }

  std::string Extension(const Recording&) const override { return context_.delivery.Extension(); }

  bool FindsFaces() const override { return options_.mode == "causal"; }

  MaskReport Mask(const MaskJob& job) override {
    Prepare();
    if (options_.mode == "causal") return MaskInOnePass(job);
    const std::string bytes = SerialiseMaskParameters(Measure(job));
    MaskVideo::Keep(bytes, options_.parameters, job.recording.anonymous_id);
    WriteFileAtomically(StoredBeside(job.output), bytes);
    // From here on nothing is known but what the file would say. The overlay alone also gets the
    // recording's frames, to leave what lies round the mask's face.
    const std::string origin = "mask parameters of " + job.recording.anonymous_id;
    std::optional<MaskOverlay> overlay;
    if (over_original_) {
      overlay.emplace(job.recording, job.frames,
                      job.pictures && !job.frames.empty() ? &job.pictures() : nullptr);
    }
    MaskReport report = video_->Draw(bytes, origin, job.output, context_.delivery,
                                     overlay ? overlay->AfterFrame() : nullptr, job.frames);
    if (!fit_notes_.empty()) report.notes["face_fit"] = fit_notes_;
    if (!face_notes_.empty()) report.notes["face"] = face_notes_;
    return report;
  }

 private:
  void Prepare() {
    if (video_) return;
    if (context_.networks == nullptr)
      throw UsageError("the digital mask needs the eye network, but no networks are given.");
    model_ = MakeHeadModel(options_.model, context_.networks->models_dir());
    video_.emplace(context_.networks->models_dir());
  }

  /// What tells where the face of the next frame is: the job's track, or a tracker of its own.
  std::function<bool(const Frame&, FaceObservation*)> FaceFinder(const MaskJob& job) {
    if (!job.track.empty()) {
      const auto track = std::make_shared<FaceTrackReader>(job.track);
      return [track](const Frame&, FaceObservation* face) { return track->Next(face); };
    }
    if (!tracker_) tracker_.emplace(*context_.networks, context_.perception, TrackedParts::kMesh);
    tracker_->Reset();
    return [this](const Frame& frame, FaceObservation* face) {
      *face = tracker_->Process(frame.bgr);
      return true;
    };
  }

  /// Reads, finds, measures, draws and writes frame by frame.
  MaskReport MaskInOnePass(const MaskJob& job) {
    if (!reader_) {
      canonical_mm_ = CanonicalFace(context_.networks->models_dir());
      globes_mm_ = CanonicalGlobes(context_.networks->models_dir());
      reader_.emplace(*context_.networks);
    }
    const FacePolicy& policy = FindFacePolicy(options_.policy);
    CausalMaskOptions options;
    options.model = options_.model;
    options.policy = policy.name;
    options.stages = {options_.eyelid, options_.eyeball, options_.retargeting};
    options.expression = options_.expression;
    options.camera_distance_mm = options_.camera_distance_mm;
    options.latency_frames = options_.latency_frames;
    options.needs_face = policy.looks_at_patient;
    options.needs_spacing = options_.eye_spacing == "patient";
    options.choose = [&](const FaceIdentity* patient, std::optional<double> spacing_mm) {
      FaceShape face = policy.choose(
          {*model_, patient, job.seed, job.recording.anonymous_id, options_, job.patient});
      SpaceEyes(options_, spacing_mm, *model_, &face);
      return face;
    };
    const MediaInfo& info = job.recording.info;
    CausalMask mask(*model_, canonical_mm_, globes_mm_, {info.width_px, info.height_px}, info.rate,
                    options);
    std::optional<MaskOverlay> overlay;
    if (over_original_) overlay.emplace(job.recording, job.frames);
    MaskVideoStream video = video_->Begin(mask.header(), job.output, context_.delivery,
                                          overlay ? overlay->AfterFrame() : nullptr);
    bool settled = false;
    std::int64_t drawn = 0;
    UsualPosture usual(options_);
    const auto draw = [&](MaskFrame frame) {
      if (mask.settled() && !std::exchange(settled, true)) video.Settle(mask.header());
      usual.Add(frame);
      usual.TakeOut(&frame);
      LimitPose(options_, &frame);
      ForgetUnshown(options.stages, &frame);
      video.Draw(frame, job.frames.empty() ||
                            std::binary_search(job.frames.begin(), job.frames.end(), drawn));
      ++drawn;
    };
    const auto find = FaceFinder(job);
    reader_->Reset();
    const std::unique_ptr<FrameSource> frames = OpenFrames(job.recording.file);
    FaceObservation face;
    Frame frame;
    while (frames->Next(&frame) && find(frame, &face)) {
      std::optional<std::array<EyeEvidence, 2>> eyes;
      if (face.has_face()) eyes = reader_->Follow(frame.bgr, face);
      if (const std::optional<MaskFrame> due = mask.Push(face, eyes)) draw(*due);
      if (job.after_frame) job.after_frame();
    }
    while (const std::optional<MaskFrame> due = mask.Finish()) draw(*due);
    mask.RequireFace();
    if (!settled) video.Settle(mask.header());
    std::string bytes;
    MaskReport report = video.Finish(&bytes);
    MaskVideo::Keep(bytes, options_.parameters, job.recording.anonymous_id);
    WriteFileAtomically(StoredBeside(job.output), bytes);
    report.notes.update(mask.Notes());
    if (!mask.face_notes().empty()) report.notes["face"] = mask.face_notes();
    return report;
  }

  MaskReconstruction Reconstruct(const MaskJob& job, bool with_face) {
    if (job.reconstruction) {
      MaskReconstruction made = ParseMaskReconstruction(
          ReadFile(*job.reconstruction), "reconstruction of " + job.recording.anonymous_id);
      if (made.model != options_.model || made.camera_distance_mm != options_.camera_distance_mm)
        throw DataError("the reconstruction was made with other options than the mask has.");
      return made;
    }
    if (!reconstructor_) {
      reconstructor_.emplace(*context_.networks, options_.model, options_.camera_distance_mm);
    }
    return reconstructor_->Reconstruct(job.recording, job.track, with_face);
  }

  MaskParameters Measure(const MaskJob& job) {
    const FacePolicy& policy = FindFacePolicy(options_.policy);
    const bool with_face = options_.expression || policy.looks_at_patient;
    const MaskReconstruction seen = Reconstruct(job, with_face);
    MaskMeasureOptions options;
    options.model = options_.model;
    options.stages = {options_.eyelid, options_.eyeball, options_.retargeting};
    options.camera_distance_mm = options_.camera_distance_mm;
    options.policy = policy.name;
    options.face = policy.choose({*model_, policy.looks_at_patient ? &seen.face->identity : nullptr,
                                  job.seed, job.recording.anonymous_id, options_, job.patient});
    SpaceEyes(options_, seen.eye_spacing_mm, *model_, &options.face);
    face_notes_ = options.face.notes;
    fit_notes_ = with_face ? seen.face->Notes() : Json();
    options.expressions = options_.expression ? &*seen.face : nullptr;
    MaskParameters parameters = MeasureMask(seen, options);
    UsualPosture usual(options_);
    for (const MaskFrame& frame : parameters.frames) usual.Add(frame);
    for (MaskFrame& frame : parameters.frames) {
      usual.TakeOut(&frame);
      LimitPose(options_, &frame);
      ForgetUnshown(options.stages, &frame);
    }
    return parameters;
  }

  DigitalMaskOptions options_;
  Context context_;
  bool over_original_;
  std::unique_ptr<const HeadModel> model_;
  // Offline, without a reconstruction made before.
  std::optional<MaskReconstructor> reconstructor_;
  // With mode `causal`.
  std::optional<EyeReader> reader_;
  std::optional<FaceTracker> tracker_;
  Eigen::Matrix3Xd canonical_mm_;
  std::array<Eigen::Vector3d, 2> globes_mm_;
  Json fit_notes_;   ///< How well the present face was fitted, where it was.
  Json face_notes_;  ///< What the policy says of the present face.
  std::optional<MaskVideo> video_;
};

std::optional<ComponentChoice> ReconstructionFor(const Json& options) {
  if (options.at("mode") == "causal") return std::nullopt;
  return ComponentChoice{
      kMaskReconstructionType,
      kMaskReconstructionType,
      {{"model", options.at("model")}, {"camera_distance_mm", options.at("camera_distance_mm")}}};
}

}  // namespace

void RegisterDigitalMask(Registry<Masker>* registry) {
  ComponentInfo info = {
      "digital_mask",
      5,
      "A rendered face, nobody's by default, with the patient's lids, gaze, expressions and head "
      "movements.",
      {EyeNetworkContract().name, "head/parametric", "head/canonical468"}};
  info.needs_patient = true;
  info.single_frames = true;
  info.reconstruction = ReconstructionFor;
  registry->Add<DigitalMaskOptions>(
      info, [](const DigitalMaskOptions& options, const Masker::Context& context) {
        return std::make_unique<DigitalMask>(options, context, false);
      });
}

void RegisterUnsafeOverlay(Registry<Masker>* registry) {
  ComponentInfo info = {
      "unsafe_overlay",
      3,
      "UNSAFE, for comparison only: the digital mask's face laid over the original frame, so that "
      "hair, ears, outline of the face and background remain.",
      {EyeNetworkContract().name, "head/parametric", "head/canonical468"}};
  info.needs_patient = true;
  info.single_frames = true;
  info.reconstruction = ReconstructionFor;
  registry->Add<DigitalMaskOptions>(
      info, [](const DigitalMaskOptions& options, const Masker::Context& context) {
        return std::make_unique<DigitalMask>(options, context, true);
      });
}

}  // namespace maskbench
