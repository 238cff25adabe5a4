#include "maskbench/stats/linkability.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "maskbench/core/parallel.h"
#include "maskbench/stats/bootstrap.h"

namespace maskbench {
namespace {

/// Comparisons in bins. The last bin holds failures.
struct Binned {
  double low = 0, width = 0;
  int bins = 0;
  std::vector<int> bin_of;     // Of every comparison.
  std::vector<double> of_all;  // Comparisons per bin.
  double mated = 0;            // Comparisons that have a score.
  double mated_with_score = 0;
};

bool IsMated(const Comparison& comparison) {
  return comparison.probe_subject == comparison.gallery_subject;
}

Binned Bin(const std::vector<Comparison>& comparisons, const LinkabilityOptions& options) {
  Binned binned;
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const Comparison& comparison : comparisons) {
    const bool scored = !std::isinf(comparison.score);
    binned.mated += IsMated(comparison) ? 1 : 0;
    binned.mated_with_score += IsMated(comparison) && scored ? 1 : 0;
    if (!scored) continue;
    low = std::min(low, comparison.score);
    high = std::max(high, comparison.score);
  }
  const int wanted = options.bins > 0
                         ? options.bins
                         : std::clamp(static_cast<int>(binned.mated_with_score / 10), 1, 100);
  binned.bins = low < high ? wanted : 1;  // A constant score fills one bin.
  binned.low = std::isinf(low) ? 0 : low;
  binned.width = low < high ? (high - low) / binned.bins : 0;
  binned.of_all.assign(binned.bins + 1, 0);
  binned.bin_of.reserve(comparisons.size());
  for (const Comparison& comparison : comparisons) {
    int bin = binned.bins;
    if (!std::isinf(comparison.score)) {
      bin = binned.width > 0 ? static_cast<int>((comparison.score - binned.low) / binned.width) : 0;
      bin = std::clamp(bin, 0, binned.bins - 1);
    }
    binned.bin_of.push_back(bin);
    binned.of_all[bin] += 1;
  }
  return binned;
}

double LocalLinkability(double mated_share, double non_mated_share, double omega) {
  if (mated_share == 0) return 0;
  if (non_mated_share == 0) return 1;
  const double odds = omega * mated_share / non_mated_share;
  return odds > 1 ? 2 * odds / (1 + odds) - 1 : 0;
}

/// D↔sys from the mated comparisons per bin; the others are non-mated.
double Global(const std::vector<double>& mated, const std::vector<double>& all, double omega) {
  const double mated_total = std::accumulate(mated.begin(), mated.end(), 0.0);
  const double other_total = std::accumulate(all.begin(), all.end(), 0.0) - mated_total;
  if (mated_total == 0 || other_total == 0) return std::numeric_limits<double>::quiet_NaN();
  double sum = 0;
  for (size_t i = 0; i < all.size(); ++i) {
    const double share = mated[i] / mated_total;
    sum += share * LocalLinkability(share, (all[i] - mated[i]) / other_total, omega);
  }
  return sum;
}

}  // namespace

Linkability MeasureLinkability(const std::vector<Comparison>& comparisons,
                               const LinkabilityOptions& options) {
  const Binned binned = Bin(comparisons, options);
  std::vector<double> mated(binned.of_all.size(), 0);
  for (size_t i = 0; i < comparisons.size(); ++i) {
    if (IsMated(comparisons[i])) mated[binned.bin_of[i]] += 1;
  }
  Linkability result;
  const double others = static_cast<double>(comparisons.size()) - binned.mated;
  for (int i = 0; i < binned.bins; ++i) {
    Linkability::Bin bin;
    bin.low = binned.low + i * binned.width;
    bin.high = binned.low + (i + 1) * binned.width;
    bin.mated = binned.mated == 0 ? 0 : mated[i] / binned.mated;
    bin.non_mated = others == 0 ? 0 : (binned.of_all[i] - mated[i]) / others;
    bin.local = LocalLinkability(bin.mated, bin.non_mated, options.omega);
    result.bins.push_back(bin);
  }
  if (binned.mated >= Linkability::kMinimumMated) {
    result.global = Global(mated, binned.of_all, options.omega);
  }
  return result;
}

LinkabilityNull PermuteLinkability(const std::vector<Comparison>& comparisons, int subject_count,
                                   const LinkabilityOptions& options, int permutations,
                                   NamedRandom random) {
  LinkabilityNull result;
  const double measured = MeasureLinkability(comparisons, options).global;
  if (std::isnan(measured)) return result;
  const Binned binned = Bin(comparisons, options);
  // Comparisons by their two subjects, so that a permutation looks up the mated ones alone.
  std::vector<std::vector<std::pair<int, int>>> by_probe(subject_count);  // Gallery subject, bin.
  for (size_t i = 0; i < comparisons.size(); ++i) {
    by_probe[comparisons[i].probe_subject].emplace_back(comparisons[i].gallery_subject,
                                                        binned.bin_of[i]);
  }
  for (auto& row : by_probe) std::sort(row.begin(), row.end());
  std::vector<int> own(subject_count);
  std::iota(own.begin(), own.end(), 0);
  std::vector<std::vector<int>> owns;
  for (int round = 0; round < permutations; ++round) {
    for (int i = subject_count - 1; i > 0; --i) {
      std::swap(own[i], own[random.Below(static_cast<uint32_t>(i) + 1)]);
    }
    owns.push_back(own);
  }
  std::vector<double> values(owns.size());
  ParallelFor(permutations, [&](int round) {
    std::vector<double> mated(binned.of_all.size(), 0);
    for (int probe = 0; probe < subject_count; ++probe) {
      const auto& row = by_probe[probe];
      const int whose = owns[round][probe];
      auto at = std::lower_bound(row.begin(), row.end(), std::pair(whose, -1));
      for (; at != row.end() && at->first == whose; ++at) mated[at->second] += 1;
    }
    values[round] = Global(mated, binned.of_all, options.omega);
  });
  values.erase(std::remove_if(values.begin(), values.end(), [](double v) { return std::isnan(v); }),
               values.end());
  const auto reached = std::count_if(values.begin(), values.end(),
                                     [&](double value) { return value >= measured - 1e-12; });
  if (values.empty()) return result;
  std::sort(values.begin(), values.end());
  result.mean =
      std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  result.central = {SortedPercentile(values, 0.025), SortedPercentile(values, 0.975)};
  result.p_value =
      (1.0 + static_cast<double>(reached)) / (1.0 + static_cast<double>(values.size()));
  return result;
}

}  // namespace maskbench
