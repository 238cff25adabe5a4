#include "maskbench/stats/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace maskbench {

double SortedPercentile(const std::vector<double>& sorted, double p) {
  const double position = p * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(position);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (position - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

std::vector<double> SubjectBootstrapValues(
    int subject_count, int resamples, NamedRandom random,
    const std::function<double(const std::vector<double>&)>& statistic) {
  std::vector<double> values;
  values.reserve(resamples);
  std::vector<double> weights(subject_count);
  for (int resample = 0; resample < resamples; ++resample) {
    std::fill(weights.begin(), weights.end(), 0.0);
    for (int draw = 0; draw < subject_count; ++draw) weights[random.Below(subject_count)] += 1;
    const double value = statistic(weights);
    if (!std::isnan(value)) values.push_back(value);
  }
  if (values.size() * 2 < static_cast<size_t>(resamples)) return {};
  std::sort(values.begin(), values.end());
  return values;
}

Interval SubjectBootstrap(int subject_count, int resamples, NamedRandom random,
                          const std::function<double(const std::vector<double>&)>& statistic) {
  const std::vector<double> values =
      SubjectBootstrapValues(subject_count, resamples, std::move(random), statistic);
  if (values.empty()) return {};
  return {SortedPercentile(values, 0.025), SortedPercentile(values, 0.975)};
}

}  // namespace maskbench
