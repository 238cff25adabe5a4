// The digital mask (Yang et al., Nature Medicine 28:1883, 2022): a rendered face that nobody has,
// with the patient's lids and eyes. docs/digital_mask.md says what is kept and what is not.
#include <array>
#include <cmath>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/masking/mask_measures.h"
#include "maskbench/masking/mask_parameters.h"
#include "maskbench/masking/mask_renderer.h"
#include "maskbench/masking/masker.h"
#include "maskbench/nn/eye_network.h"

namespace maskbench {
namespace {
namespace fs = std::filesystem;

struct DigitalMaskOptions {
  std::string model = "parametric";
  std::string policy = "mean";
  bool eyelid = true;
  bool eyeball = true;
  bool retargeting = true;
  double camera_distance_mm = EyeFitOptions().camera_distance_mm;
  std::string parameters;

  static const OptionTable<DigitalMaskOptions>& Options() {
    using O = DigitalMaskOptions;
    static const auto table =
        OptionTable<O>()
            .Add("model", &O::model, "Head model whose face is shown.",
                 {OneOf({"parametric", "canonical468"})})
            .Add("policy", &O::policy, "Whose face is shown: the head model's mean.",
                 {OneOf({"mean"})})
            .Add("eyelid", &O::eyelid,
                 "Lids follow MRD1, MRD2 and blinks. Without: the mean face's resting lids.")
            .Add("eyeball", &O::eyeball,
                 "Eyes follow the visual axes. Without: they look straight ahead of the head.")
            .Add("retargeting", &O::retargeting,
                 "Lids and axes are solved so that the mask measures what the patient does. "
                 "Without: measured numbers are put into the mask's joints as they are.")
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
  DigitalMask(const DigitalMaskOptions& options, const Context& context)
      : options_(options), context_(context) {}

  std::string Extension(const Recording&) const override { return context_.delivery.Extension(); }

  MaskReport Mask(const MaskJob& job) override {
    const std::string bytes = SerialiseMaskParameters(Measure(job));
    if (!options_.parameters.empty()) {
      const fs::path where = options_.parameters;
      WriteFileAtomically(
          fs::is_directory(where) ? where / (job.recording.anonymous_id + ".mask") : where, bytes);
    }
    // From here on nothing is known but what the file would say.
    const MaskParameters parameters =
        ParseMaskParameters(bytes, "mask parameters of " + job.recording.anonymous_id);
    return Draw(parameters, bytes.size(), job.output);
  }

 private:
  MaskParameters Measure(const MaskJob& job) {
    if (!reader_) {
      if (context_.networks == nullptr)
        throw UsageError("the digital mask needs the eye network, but no networks are given.");
      canonical_mm_ = CanonicalFace(context_.networks->models_dir());
      globes_mm_ = CanonicalGlobes(context_.networks->models_dir());
      reader_.emplace(*context_.networks);
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
    return MeasureMask(reading, fit, job.recording.info.rate, options);
  }

  MaskReport Draw(const MaskParameters& parameters, size_t bytes, const fs::path& output) {
    // Identity and expressions will differ between recordings once they are measured; the mean
    // face serves all.
    if (!face_)
      face_ = std::make_unique<MaskFace>(parameters.header, context_.networks->models_dir());
    MaskRenderer renderer(*face_, parameters.header);
    const std::unique_ptr<VideoWriter> writer = VideoWriter::Delivery(
        output, parameters.header.picture_px, parameters.header.rate, context_.delivery);
    MaskReport report;
    std::int64_t held = 0;
    std::array<std::int64_t, 2> not_seen{}, lids_only{};
    cv::Mat bgr;
    for (const MaskFrame& frame : parameters.frames) {
      renderer.Draw(frame, &bgr);
      writer->Write(bgr);
      report.frames_blanked += frame.status == MaskStatus::kLost ? 1 : 0;
      held += frame.status == MaskStatus::kHeld ? 1 : 0;
      for (size_t s = 0; s < 2 && frame.status == MaskStatus::kSeen; ++s) {
        not_seen[s] += frame.eyes[s].status == MaskEyeStatus::kNotSeen ? 1 : 0;
        lids_only[s] += frame.eyes[s].status == MaskEyeStatus::kLidsOnly ? 1 : 0;
      }
    }
    report.frames = writer->Finish();
    const double minutes =
        static_cast<double>(parameters.frames.size()) / parameters.header.rate.hz() / 60;
    report.notes["parameter_bytes"] = bytes;
    report.notes["parameter_bytes_per_minute"] = std::llround(static_cast<double>(bytes) / minutes);
    report.notes["frames_held"] = held;
    for (const Side side : kSides) {
      const size_t s = static_cast<size_t>(side);
      report.notes[ToString(side)] = {{"frames_not_seen", not_seen[s]},
                                      {"frames_with_lids_only", lids_only[s]},
                                      {"frames_with_lids_not_reached", renderer.unreached()[s]}};
    }
    return report;
  }

  DigitalMaskOptions options_;
  Context context_;
  std::optional<EyeReader> reader_;
  Eigen::Matrix3Xd canonical_mm_;
  std::array<Eigen::Vector3d, 2> globes_mm_;
  std::unique_ptr<MaskFace> face_;
};

}  // namespace

void RegisterDigitalMask(Registry<Masker>* registry) {
  registry->Add<DigitalMaskOptions>(
      {"digital_mask",
       1,
       "A rendered face that nobody has, with the patient's lids, gaze and head movements.",
       {EyeNetworkContract().name, "head/parametric", "head/canonical468"}},
      [](const DigitalMaskOptions& options, const Masker::Context& context) {
        return std::make_unique<DigitalMask>(options, context);
      });
}

}  // namespace maskbench
