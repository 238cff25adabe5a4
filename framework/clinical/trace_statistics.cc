#include "maskbench/clinical/trace_statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "maskbench/core/rng.h"
#include "maskbench/stats/bootstrap.h"

namespace maskbench {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kNormalMad = 0.6744897501960817;
constexpr double kBlockSeconds = 0.25;
constexpr size_t kLeastBlocks = 6;
constexpr int kResamples = 300;
constexpr std::uint64_t kSeed = 1;

double MedianInPlace(std::vector<double>* values) {
  if (values->empty()) return kNan;
  const size_t half = values->size() / 2;
  const auto middle = values->begin() + static_cast<std::ptrdiff_t>(half);
  std::nth_element(values->begin(), middle, values->end());
  if (values->size() % 2 == 1) return *middle;
  return 0.5 * (*middle + *std::max_element(values->begin(), middle));
}

std::vector<double> Known(const std::vector<double>& values) {
  std::vector<double> known;
  known.reserve(values.size());
  for (const double value : values)
    if (std::isfinite(value)) known.push_back(value);
  return known;
}

// P(X ≤ count) of a Poisson variable.
double PoissonCdf(int count, double mean) {
  double term = std::exp(-mean), sum = term;
  for (int k = 1; k <= count; ++k) {
    term *= mean / k;
    sum += term;
  }
  return sum;
}

// The mean at which PoissonCdf(count, mean) falls to `p`.
double PoissonMean(int count, double p) {
  double low = 0, high = 10 + 3.0 * (count + 1);
  for (int i = 0; i < 100; ++i) {
    const double middle = 0.5 * (low + high);
    (PoissonCdf(count, middle) > p ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

}  // namespace

Estimate::Estimate() : value(kNan), low(kNan), high(kNan) {}

double KnownMedian(std::vector<double> values) {
  values = Known(values);
  return MedianInPlace(&values);
}

double KnownSpread(const std::vector<double>& values) {
  std::vector<double> known = Known(values);
  const double middle = MedianInPlace(&known);
  for (double& value : known) value = std::abs(value - middle);
  return MedianInPlace(&known) / kNormalMad;
}

Estimate MedianOverFrames(const std::vector<double>& values, double rate_hz,
                          std::string_view name) {
  std::vector<double> known = Known(values);
  Estimate estimate;
  if (known.empty()) return estimate;
  const size_t count = known.size();
  if (count >= kLeastBlocks) {
    const auto wanted = static_cast<size_t>(std::max(1.0, std::round(kBlockSeconds * rate_hz)));
    const size_t block = std::max<size_t>(1, std::min(wanted, count / kLeastBlocks));
    const size_t blocks = count / block;
    NamedRandom random(kSeed, name, "block bootstrap");
    std::vector<double> medians, drawn;
    for (int r = 0; r < kResamples; ++r) {
      drawn.clear();
      for (size_t b = 0; b < blocks; ++b) {
        // Moving blocks: any start, so that no frame is favoured.
        const size_t start = random.Below(static_cast<std::uint32_t>(count - block + 1));
        drawn.insert(drawn.end(), known.begin() + static_cast<std::ptrdiff_t>(start),
                     known.begin() + static_cast<std::ptrdiff_t>(start + block));
      }
      medians.push_back(MedianInPlace(&drawn));
    }
    std::sort(medians.begin(), medians.end());
    estimate.low = SortedPercentile(medians, 0.025);
    estimate.high = SortedPercentile(medians, 0.975);
  }
  estimate.value = MedianInPlace(&known);
  return estimate;
}

Interval PoissonInterval(double count, double exposure) {
  Interval interval;
  if (!(exposure > 0) || !(count >= 0)) return interval;
  const int n = static_cast<int>(std::lround(count));
  interval.low = n == 0 ? 0 : PoissonMean(n - 1, 0.975) / exposure;
  interval.high = PoissonMean(n, 0.025) / exposure;
  return interval;
}

double WhiteNoise(const std::vector<double>& values) {
  std::vector<double> bends;
  for (size_t i = 2; i < values.size(); ++i) {
    const double bend = values[i] - 2 * values[i - 1] + values[i - 2];
    if (std::isfinite(bend)) bends.push_back(std::abs(bend));
  }
  if (bends.size() < 3) return kNan;
  return MedianInPlace(&bends) / (kNormalMad * std::sqrt(6.0));
}

Estimate Widened(const Estimate& estimate, double error) {
  if (!(error > 0)) return estimate;
  constexpr double kQuantile = 1.959963984540054;
  return {estimate.value,
          estimate.value - std::hypot(estimate.value - estimate.low, kQuantile * error),
          estimate.value + std::hypot(estimate.high - estimate.value, kQuantile * error)};
}

Estimate Difference(const Estimate& a, const Estimate& b) {
  const double value = a.value - b.value;
  const double half = std::hypot(a.high - a.low, b.high - b.low) / 2;
  return {value, value - half, value + half};
}

}  // namespace maskbench
