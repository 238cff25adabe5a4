// The learned reader: two networks of the project's own that see the pixels of eyes and face over
// time (maskbench/nn/learned_reader.h). It knows nothing of the eye network, the eyeball fit or the
// clinical measures, which masks are built from.
#include "maskbench/nn/learned_reader.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <opencv2/imgproc.hpp>

#include "maskbench/clinical/learned_verdict.h"
#include "maskbench/clinical/reader.h"
#include "maskbench/core/error.h"
#include "maskbench/media/frame_source.h"
#include "maskbench/perception/face_track.h"
#include "maskbench/perception/landmarks_option.h"
#include "maskbench/perception/reader_crop.h"

namespace maskbench {
namespace {

struct LearnedReaderOptions : LandmarksOption {
  double threshold = LearnedVerdictOptions().threshold;
  double min_seen_seconds = LearnedVerdictOptions().min_seen_seconds;
  double min_rhythm_hz = LearnedVerdictOptions().min_rhythm_hz;

  static const OptionTable<LearnedReaderOptions>& Options() {
    using O = LearnedReaderOptions;
    static const auto table = [] {
      OptionTable<O> options;
      options
          .Add("threshold", &O::threshold,
               "A condition is called present from this probability on.", {Range(0.01, 0.99)})
          .Add("min_seen_seconds", &O::min_seen_seconds,
               "Everything is unknown when a face was found for less, s.", {Range(0.1, 1000)})
          .Add("min_rhythm_hz", &O::min_rhythm_hz,
               "Nystagmus is unknown in recordings of fewer frames a second, Hz.",
               {Range(0, 1000)});
      AddTo(&options);
      return options;
    }();
    return table;
  }
};

class LearnedReader : public Reader {
 public:
  LearnedReader(const LearnedReaderOptions& options, const NetworkLibrary& networks)
      : options_{options.threshold, options.min_seen_seconds, options.min_rhythm_hz},
        frames_(networks.Load(ReaderFrameContract().name, 2)),
        time_(networks.Load(ReaderTimeContract().name, 1)),
        input_(static_cast<size_t>(2 * ReaderFrameContract().InputElementsPerItem())) {}

  ReaderReport Read(const Recording& recording, const std::filesystem::path& track) override {
    FaceTrackReader faces(track);
    const auto source = OpenFrames(recording.file);
    const double rate_hz = source->info().rate.hz();
    const auto stride = std::max<int64_t>(1, std::llround(rate_hz / kReaderHz));
    ReaderReport report;
    std::vector<ReaderStep> steps;
    Frame frame;
    FaceObservation face;
    for (int64_t number = 0;; ++number) {
      const bool look = number % stride == 0;
      if (!(look ? source->Next(&frame) : source->Skip())) break;
      if (!faces.Next(&face))
        throw DataError(fmt::format("The face track of {} ends after {} frames.",
                                    recording.file.string(), number));
      ++report.frames;
      if (face.has_face() && face.status != FaceStatus::kCarried) ++report.frames_with_face;
      if (look) steps.push_back(face.has_face() ? Look(frame.bgr, face) : ReaderStep());
    }
    if (steps.empty())
      throw DataError(fmt::format("{} has no frames to read.", recording.file.string()));
    const double step_hz = rate_hz / static_cast<double>(stride);
    report.diagnosis = LearnedVerdict(ReadOverTime(steps, time_.get()), SeenSeconds(steps, step_hz),
                                      rate_hz, options_);
    report.evidence = LearnedEvidence(steps, step_hz);
    return report;
  }

 private:
  ReaderStep Look(const cv::Mat& bgr, const FaceObservation& face) {
    cv::cvtColor(bgr, grey_, cv::COLOR_BGR2GRAY);
    const auto placements = PlaceForReader(face);
    const auto planes = static_cast<size_t>(ReaderFrameContract().InputElementsPerItem());
    for (size_t s = 0; s < 2; ++s) CutForReader(grey_, placements[s], &input_[s * planes]);
    frames_->Run(input_.data(), &outputs_);
    ReaderStep step;
    step.seen = true;
    for (size_t s = 0; s < 2; ++s)
      step.eyes[s] = DecodeReaderFrame(&outputs_[0].values[s * kReaderFrameValues]);
    return step;
  }

  LearnedVerdictOptions options_;
  std::unique_ptr<Network> frames_, time_;
  std::vector<float> input_;
  std::vector<Tensor> outputs_;
  cv::Mat grey_;
};

}  // namespace

void RegisterLearnedReader(Registry<Observer>* registry) {
  ComponentInfo info;
  info.type = "learned";
  info.summary =
      "Reader: thyroid orbitopathy, ptosis, strabismus and nystagmus of each eye by a network that "
      "sees pixels over time, trained on original recordings alone.";
  info.networks = {ReaderFrameContract().name, ReaderTimeContract().name};
  info.takes_landmarks = true;
  AddReader<LearnedReaderOptions>(
      registry, info, [](const LearnedReaderOptions& options, const Observer::Context& context) {
        return std::make_unique<LearnedReader>(options, *context.networks);
      });
}

}  // namespace maskbench
