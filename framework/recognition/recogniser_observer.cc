#include <map>
#include <mutex>
#include <utility>

#include "maskbench/media/frame_source.h"
#include "maskbench/perception/face_track.h"
#include "maskbench/recognition/recogniser.h"

namespace maskbench {
namespace {

struct RecogniserOptions {
  int template_frames = 8;
  int min_frames = 1;

  static const OptionTable<RecogniserOptions>& Options() {
    static const auto table =
        OptionTable<RecogniserOptions>()
            .Add("template_frames", &RecogniserOptions::template_frames,
                 "At most so many frames with a face, evenly spread, make the template.",
                 {Range(1, 1000)})
            .Add("min_frames", &RecogniserOptions::min_frames,
                 "With fewer frames that show a face, enrolment fails.", {Range(1, 1000)});
    return table;
  }
};

class RecogniserObserver : public Observer {
 public:
  RecogniserObserver(std::unique_ptr<Recogniser> recogniser, DescriptorMetric metric,
                     const RecogniserOptions& options)
      : recogniser_(std::move(recogniser)), metric_(metric), options_(options) {}

  Observations Observe(const Recording& recording, const std::filesystem::path& track) override {
    Observations result;
    std::vector<int64_t> with_face;
    FaceTrackReader reader(track);
    FaceObservation face;
    while (reader.Next(&face)) {
      if (face.has_face()) with_face.push_back(face.frame);
    }
    result.frames = reader.frame_count();
    result.frames_with_face = static_cast<int64_t>(with_face.size());
    if (result.frames_with_face < options_.min_frames) return result;

    const auto wanted = static_cast<int64_t>(
        std::min<size_t>(with_face.size(), static_cast<size_t>(options_.template_frames)));
    std::vector<std::vector<float>> descriptors;
    const std::unique_ptr<FrameSource> frames = OpenFrames(recording.file);
    Frame frame;
    int64_t chosen = 0;
    int64_t position = 0;
    while (chosen < wanted) {
      // The middles of `wanted` equal stretches of the frames that show a face.
      const int64_t next = with_face[(2 * chosen + 1) * result.frames_with_face / (2 * wanted)];
      for (; position < next; ++position) frames->Skip();
      if (!frames->Next(&frame)) break;
      ++position;
      reader.Seek(next);
      reader.Next(&face);
      descriptors.push_back(recogniser_->Describe(frame.bgr, face));
      result.embeddings.push_back({next, descriptors.back()});
      ++chosen;
    }
    result.embeddings.push_back({Embedding::kTemplate, MeanDescriptor(descriptors, metric_)});
    return result;
  }

 private:
  std::unique_ptr<Recogniser> recogniser_;
  DescriptorMetric metric_;
  RecogniserOptions options_;
};

/// Filled by AddRecogniser, which runs before any thread starts.
std::map<std::string, DescriptorMetric>& Metrics() {
  static std::map<std::string, DescriptorMetric> metrics;
  return metrics;
}

}  // namespace

void AddRecogniser(Registry<Observer>* registry, const RecogniserEntry& entry) {
  Metrics()[entry.info.type] = entry.metric;
  registry->Add<RecogniserOptions>(
      entry.info, [make = entry.make, metric = entry.metric](const RecogniserOptions& options,
                                                             const Observer::Context& context) {
        return std::make_unique<RecogniserObserver>(make(*context.networks), metric, options);
      });
}

std::optional<DescriptorMetric> MetricOf(const std::string& observer_type) {
  const auto found = Metrics().find(observer_type);
  if (found == Metrics().end()) return std::nullopt;
  return found->second;
}

}  // namespace maskbench
