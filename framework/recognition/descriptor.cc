#include <cmath>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/recognition/recogniser.h"

namespace maskbench {

double DescriptorDistance(const std::vector<float>& a, const std::vector<float>& b,
                          DescriptorMetric metric) {
  if (a.size() != b.size()) {
    throw DataError(
        fmt::format("descriptors of {} and {} numbers cannot be compared.", a.size(), b.size()));
  }
  return DescriptorDistance(a.data(), b.data(), static_cast<int>(a.size()), metric);
}

double DescriptorDistance(const float* a, const float* b, int size, DescriptorMetric metric) {
  double dot = 0, a2 = 0, b2 = 0, difference2 = 0;
  for (int i = 0; i < size; ++i) {
    const double x = a[i], y = b[i];
    dot += x * y;
    a2 += x * x;
    b2 += y * y;
    difference2 += (x - y) * (x - y);
  }
  if (metric == DescriptorMetric::kEuclidean) return std::sqrt(difference2);
  return a2 > 0 && b2 > 0 ? 1 - dot / std::sqrt(a2 * b2) : 1;
}

std::vector<float> MeanDescriptor(const std::vector<std::vector<float>>& descriptors,
                                  DescriptorMetric metric) {
  std::vector<double> sum(descriptors.front().size(), 0);
  for (const std::vector<float>& descriptor : descriptors) {
    double length2 = 0;
    for (const float value : descriptor) length2 += static_cast<double>(value) * value;
    const bool normalize = metric == DescriptorMetric::kCosine && length2 > 0;
    const double weight = normalize ? 1 / std::sqrt(length2) : 1;
    for (size_t i = 0; i < sum.size(); ++i) sum[i] += weight * descriptor[i];
  }
  std::vector<float> mean(sum.size());
  for (size_t i = 0; i < sum.size(); ++i) {
    mean[i] = static_cast<float>(sum[i] / static_cast<double>(descriptors.size()));
  }
  return mean;
}

}  // namespace maskbench
