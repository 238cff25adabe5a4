#include "maskbench/stats/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "maskbench/core/parallel.h"

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
  std::vector<std::vector<double>> weights(static_cast<size_t>(std::max(0, resamples)),
                                           std::vector<double>(subject_count));
  for (std::vector<double>& own : weights)
    for (int draw = 0; draw < subject_count; ++draw) own[random.Below(subject_count)] += 1;
  std::vector<double> values(weights.size());
  ParallelFor(resamples, [&](int i) { values[i] = statistic(weights[i]); });
  values.erase(std::remove_if(values.begin(), values.end(), [](double v) { return std::isnan(v); }),
               values.end());
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
