// The digital mask as it would be without any error of measuring: drawn from the truth of a virtual
// recording. What is left between it and the truth are the errors of drawing.
#include <memory>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/masking/mask_video.h"
#include "maskbench/masking/masker.h"
#include "maskbench/masking/oracle_measures.h"

namespace maskbench {
namespace {

struct OracleMaskOptions {
  std::string model = "parametric";
  bool eyelid = true;
  bool eyeball = true;
  bool retargeting = true;
  std::string parameters;

  static const OptionTable<OracleMaskOptions>& Options() {
    using O = OracleMaskOptions;
    static const auto table =
        OptionTable<O>()
            .Add("model", &O::model, "Head model whose mean face is shown.",
                 {OneOf({"parametric", "canonical468"})})
            .Add("eyelid", &O::eyelid, "As of digital_mask.")
            .Add("eyeball", &O::eyeball, "As of digital_mask.")
            .Add("retargeting", &O::retargeting, "As of digital_mask.")
            .Add("parameters", &O::parameters,
                 "Where the parameters that the mask shows are written as well: a file, or a "
                 "folder in which each recording gets ANONYMOUS_ID.mask; nowhere when empty.");
    return table;
  }
};

class OracleMask : public Masker {
 public:
  OracleMask(const OracleMaskOptions& options, const Context& context)
      : options_(options), context_(context) {}

  std::string Extension(const Recording&) const override { return context_.delivery.Extension(); }

  MaskReport Mask(const MaskJob& job) override {
    if (!job.truth) {
      throw DataError(
          "the recording has no truth of its frames, so there is nothing that an oracle could "
          "show.");
    }
    if (!video_) {
      if (context_.networks == nullptr)
        throw UsageError("the oracle's mask needs the head models, but their folder is not given.");
      MaskHeader people;
      people.model = "parametric";
      face_from_model_ = MaskFace(people, context_.networks->models_dir()).face_from_model();
      video_.emplace(context_.networks->models_dir());
    }
    const std::string origin = "truth of " + job.recording.anonymous_id;
    OracleOptions options;
    options.model = options_.model;
    options.stages = {options_.eyelid, options_.eyeball, options_.retargeting};
    const MaskParameters parameters =
        OracleMaskParameters(Json::from_msgpack(ReadFile(*job.truth), true, false), origin,
                             job.recording.info.rate, face_from_model_, options);
    const MediaInfo& info = job.recording.info;
    const cv::Size size = parameters.header.picture_px;
    if (static_cast<std::int64_t>(parameters.frames.size()) != info.frame_count ||
        size != cv::Size(info.width_px, info.height_px)) {
      throw DataError(fmt::format("{} has {} frames of {} × {} px, the recording {} of {} × {}.",
                                  origin, parameters.frames.size(), size.width, size.height,
                                  info.frame_count, info.width_px, info.height_px));
    }
    const std::string bytes = SerialiseMaskParameters(parameters);
    MaskVideo::Keep(bytes, options_.parameters, job.recording.anonymous_id);
    MaskReport report = video_->Draw(bytes, "mask parameters of " + job.recording.anonymous_id,
                                     job.output, context_.delivery, nullptr, job.frames);
    report.notes["drawn_from"] = "truth";
    return report;
  }

 private:
  OracleMaskOptions options_;
  Context context_;
  Eigen::Matrix3d face_from_model_;
  std::optional<MaskVideo> video_;
};

}  // namespace

void RegisterOracleMask(Registry<Masker>* registry) {
  ComponentInfo info;
  info.type = "oracle_mask";
  info.version = 2;
  info.summary =
      "ORACLE, no masking method: the digital mask drawn from the truth of a virtual recording, "
      "to tell errors of measuring from errors of drawing.";
  info.networks = {"head/parametric", "head/canonical468"};
  info.needs_truth = true;
  info.single_frames = true;
  registry->Add<OracleMaskOptions>(
      info, [](const OracleMaskOptions& options, const Masker::Context& context) {
        return std::make_unique<OracleMask>(options, context);
      });
}

}  // namespace maskbench
