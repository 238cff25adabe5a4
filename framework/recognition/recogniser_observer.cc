#include <map>
#include <mutex>
#include <utility>

#include "maskbench/core/error.h"
#include "maskbench/media/evenly_spread.h"
#include "maskbench/media/frame_source.h"
#include "maskbench/perception/face_track.h"
#include "maskbench/recognition/recogniser.h"

namespace maskbench {
namespace {

class RecogniserObserver : public Observer {
 public:
  RecogniserObserver(std::unique_ptr<Recogniser> recogniser, DescriptorMetric metric,
                     const TemplateOptions& options)
      : recogniser_(std::move(recogniser)), metric_(metric), options_(options) {}

  Observations Observe(const Recording& recording, const std::filesystem::path& track) override {
    Observations result;
    std::vector<int64_t> with_face;
    FaceTrackReader reader(track);
    FaceObservation face;
    while (reader.Next(&face)) {
      if (face.has_face()) with_face.push_back(face.frame);
      // What an oracle was told of is nothing that was found.
      if (face.has_face() && face.status != FaceStatus::kCarried) ++result.frames_with_face;
    }
    result.frames = reader.frame_count();
    const auto usable = static_cast<int64_t>(with_face.size());
    if (usable < options_.min_frames) return result;

    std::vector<std::vector<float>> descriptors;
    const std::unique_ptr<FrameSource> frames = OpenFrames(recording.file);
    Frame frame;
    int64_t position = 0;
    for (const int64_t chosen : EvenlySpread(usable, options_.template_frames)) {
      const int64_t next = with_face[static_cast<size_t>(chosen)];
      for (; position < next; ++position) frames->Skip();
      if (!frames->Next(&frame)) break;
      ++position;
      reader.Seek(next);
      reader.Next(&face);
      descriptors.push_back(recogniser_->Describe(frame.bgr, face));
      result.embeddings.push_back({next, descriptors.back()});
    }
    result.embeddings.push_back({Embedding::kTemplate, MeanDescriptor(descriptors, metric_)});
    return result;
  }

 private:
  std::unique_ptr<Recogniser> recogniser_;
  DescriptorMetric metric_;
  TemplateOptions options_;
};

struct DeclaredMetric {
  DescriptorMetric metric;
  std::string option;
  DescriptorKind kind;
};

/// Filled by DeclareRecogniser, which runs before any thread starts.
std::map<std::string, DeclaredMetric>& Metrics() {
  static std::map<std::string, DeclaredMetric> metrics;
  return metrics;
}

}  // namespace

const OptionTable<TemplateOptions>& TemplateOptions::Options() {
  static const auto table = [] {
    OptionTable<TemplateOptions> options;
    AddTo(&options);
    return options;
  }();
  return table;
}

ComponentInfo RecogniserInfo(ComponentInfo info) {
  info.single_frames = true;
  info.takes_landmarks = true;
  return info;
}

std::unique_ptr<Observer> WrapRecogniser(std::unique_ptr<Recogniser> recogniser,
                                         DescriptorMetric metric, const TemplateOptions& options) {
  return std::make_unique<RecogniserObserver>(std::move(recogniser), metric, options);
}

void DeclareRecogniser(const std::string& observer_type, DescriptorMetric metric,
                       const std::string& metric_option, DescriptorKind kind) {
  Metrics()[observer_type] = {metric, metric_option, kind};
}

DescriptorKind KindOf(const std::string& observer_type) {
  const auto found = Metrics().find(observer_type);
  return found == Metrics().end() ? DescriptorKind::kFace : found->second.kind;
}

void AddRecogniser(Registry<Observer>* registry, const RecogniserEntry& entry) {
  DeclareRecogniser(entry.info.type, entry.metric, "", entry.kind);
  registry->Add<TemplateOptions>(
      RecogniserInfo(entry.info),
      [make = entry.make, metric = entry.metric](const TemplateOptions& options,
                                                 const Observer::Context& context) {
        return WrapRecogniser(make(*context.networks), metric, options);
      });
}

std::optional<DescriptorMetric> MetricOf(const std::string& observer_type) {
  const auto found = Metrics().find(observer_type);
  if (found == Metrics().end()) return std::nullopt;
  return found->second.metric;
}

std::optional<DescriptorMetric> MetricOf(const ComponentChoice& observer) {
  const auto found = Metrics().find(observer.type);
  if (found == Metrics().end()) return std::nullopt;
  const std::string& option = found->second.option;
  if (option.empty() || !observer.options.contains(option)) return found->second.metric;
  return MetricNamed(observer.options.at(option).get<std::string>());
}

DescriptorMetric MetricNamed(const std::string& name) {
  if (name == "cosine") return DescriptorMetric::kCosine;
  if (name == "euclidean") return DescriptorMetric::kEuclidean;
  throw UsageError("\"" + name + "\" is no way to compare descriptors; known: cosine, euclidean.");
}

}  // namespace maskbench
