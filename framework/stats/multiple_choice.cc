#include "maskbench/stats/multiple_choice.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "maskbench/core/error.h"

namespace maskbench {
namespace {

double LogBinomial(int n, int k) {
  return std::lgamma(n + 1.0) - std::lgamma(k + 1.0) - std::lgamma(n - k + 1.0);
}

/// The right person is picked: nobody better among the drawn, and first of those who tie.
double RightAnswer(const RankedProbe& probe, int others, int drawn) {
  const int worse = others - probe.better - probe.tied;
  double right = 0;
  for (int tied = 0; tied <= std::min(probe.tied, drawn); ++tied) {
    if (drawn - tied > worse) continue;
    right += std::exp(LogBinomial(probe.tied, tied) + LogBinomial(worse, drawn - tied) -
                      LogBinomial(others, drawn)) /
             (tied + 1);
  }
  return right;
}

}  // namespace

double MultipleChoiceRate(const std::vector<RankedProbe>& probes, int gallery, int choices,
                          const std::vector<double>& weights) {
  if (choices < 2 || choices > gallery) {
    throw DataError(
        fmt::format("a question with {} choices cannot be asked with a gallery of {} subjects",
                    choices, gallery));
  }
  double sum = 0, total = 0;
  for (const RankedProbe& probe : probes) {
    const double weight = weights.empty() ? 1 : weights[static_cast<size_t>(probe.subject)];
    total += weight;
    sum += weight * (probe.failed ? 1.0 / choices : RightAnswer(probe, gallery - 1, choices - 1));
  }
  return total == 0 ? std::numeric_limits<double>::quiet_NaN() : sum / total;
}

}  // namespace maskbench
