#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <opencv2/core.hpp>

#include "maskbench/core/registry.h"
#include "maskbench/perception/face_observation.h"
#include "maskbench/perception/observer.h"

namespace maskbench {

/// How two descriptors are compared.
enum class DescriptorMetric { kEuclidean, kCosine };

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
};

/// Adds the recogniser as an observer of its own name: descriptors of evenly spread frames and the
/// recording's template, which is their mean.
void AddRecogniser(Registry<Observer>* registry, const RecogniserEntry& entry);

/// How an observer type's descriptors are compared; nothing for observers that recognise nobody.
std::optional<DescriptorMetric> MetricOf(const std::string& observer_type);

/// Euclidean distance, or 1 − cosine. Sizes must be equal. Lower is more alike.
double DescriptorDistance(const std::vector<float>& a, const std::vector<float>& b,
                          DescriptorMetric metric);

/// Mean of descriptors; for cosine of the normalised ones. At least one.
std::vector<float> MeanDescriptor(const std::vector<std::vector<float>>& descriptors,
                                  DescriptorMetric metric);

}  // namespace maskbench
