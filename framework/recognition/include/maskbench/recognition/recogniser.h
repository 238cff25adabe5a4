#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <opencv2/core.hpp>

#include "maskbench/core/registry.h"
#include "maskbench/perception/face_observation.h"
#include "maskbench/perception/landmarks_option.h"
#include "maskbench/perception/observer.h"

namespace maskbench {

/// Says that an observer is one: it looks at single frames, and may be given landmarks.
ComponentInfo RecogniserInfo(ComponentInfo info);

/// How two descriptors are compared.
enum class DescriptorMetric { kEuclidean, kCosine };

/// What a descriptor is made from.
enum class DescriptorKind {
  kFace,        ///< A picture of the whole face.
  kEyeRegion,   ///< A picture of the eyes alone.
  kStoredFile,  ///< The file that a mask stores in the video's place.
  kMood,        ///< What a face seems to feel, which is nobody's name: nothing to recognise with.
};

/// Turns a face into a descriptor. One instance per worker.
class Recogniser {
 public:
  virtual ~Recogniser() = default;
  /// @param bgr   8-bit frame. @param face  has_face() is true.
  virtual std::vector<float> Describe(const cv::Mat& bgr, const FaceObservation& face) = 0;
};

/// What stands in the registry for a recogniser.
struct RecogniserEntry {
  ComponentInfo info;
  DescriptorMetric metric;
  std::function<std::unique_ptr<Recogniser>(const NetworkLibrary&)> make;
  DescriptorKind kind = DescriptorKind::kFace;
};

/// Adds the recogniser as an observer of its own name: descriptors of evenly spread frames and the
/// recording's template, which is their mean.
void AddRecogniser(Registry<Observer>* registry, const RecogniserEntry& entry);

/// How a recording's template is made; part of the options of every recogniser.
struct TemplateOptions : LandmarksOption {
  int template_frames = 8;
  int min_frames = 1;

  static const OptionTable<TemplateOptions>& Options();

  /// Adds these options to those of a recogniser with more of its own. @tparam O  derives from
  /// this.
  template <class O>
  static void AddTo(OptionTable<O>* table) {
    table
        ->Add("template_frames", static_cast<int O::*>(&O::template_frames),
              "At most so many frames with a face, evenly spread, make the template.",
              {Range(1, 1000)})
        .Add("min_frames", static_cast<int O::*>(&O::min_frames),
             "With fewer frames that show a face, enrolment fails.", {Range(1, 1000)});
    LandmarksOption::AddTo(table);
  }
};

/// The observer that samples frames, makes the template and fails to enrol around a recogniser. For
/// recognisers with options of their own, which register themselves and call DeclareRecogniser.
std::unique_ptr<Observer> WrapRecogniser(std::unique_ptr<Recogniser> recogniser,
                                         DescriptorMetric metric, const TemplateOptions& options);

/// Says that an observer type is a recogniser. @param metric_option  option that says how its
/// descriptors are compared ("cosine" or "euclidean"); empty: as `metric` says, always.
void DeclareRecogniser(const std::string& observer_type, DescriptorMetric metric,
                       const std::string& metric_option = "",
                       DescriptorKind kind = DescriptorKind::kFace);

/// How an observer's descriptors are compared; nothing for observers that recognise nobody.
std::optional<DescriptorMetric> MetricOf(const ComponentChoice& observer);
/// The same by type alone: where an option decides, its default.
std::optional<DescriptorMetric> MetricOf(const std::string& observer_type);

/// What an observer's descriptors are made from; kFace for those that give none.
DescriptorKind KindOf(const std::string& observer_type);

/// Of "cosine" or "euclidean". Throws UsageError.
DescriptorMetric MetricNamed(const std::string& name);

/// Euclidean distance, or 1 − cosine. Sizes must be equal. Lower is more alike.
double DescriptorDistance(const std::vector<float>& a, const std::vector<float>& b,
                          DescriptorMetric metric);
double DescriptorDistance(const float* a, const float* b, int size, DescriptorMetric metric);

/// Mean of descriptors; for cosine of the normalised ones. At least one.
std::vector<float> MeanDescriptor(const std::vector<std::vector<float>>& descriptors,
                                  DescriptorMetric metric);

}  // namespace maskbench
