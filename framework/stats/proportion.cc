#include "maskbench/stats/proportion.h"

#include <algorithm>
#include <cmath>

#include "maskbench/stats/distributions.h"

namespace maskbench {

Proportion ClusteredProportion(const std::vector<ClusterShare>& clusters, double confidence) {
  Proportion result;
  for (const ClusterShare& cluster : clusters) {
    if (cluster.n <= 0) continue;
    ++result.patients;
    result.hits += cluster.hits;
    result.n += cluster.n;
  }
  if (result.patients == 0) return result;
  result.value = result.hits / result.n;
  if (result.patients < 2) {
    result.status = EstimateStatus::kTooFewClusters;
    return result;
  }
  const double patients = result.patients;
  double squares = 0;
  for (const ClusterShare& cluster : clusters) {
    const double rest = cluster.hits - cluster.n * result.value;
    squares += rest * rest;
  }
  const double variance = patients / (patients - 1) * squares / (result.n * result.n);
  if (result.hits <= 0 || result.hits >= result.n) {
    result.standard_error = 0;
    result.interval = ClopperPearsonInterval(result.value * patients, patients, confidence);
    result.status = EstimateStatus::kNoVariation;
    return result;
  }
  const double independent = result.value * (1 - result.value) / result.n;
  result.standard_error = std::sqrt(variance);
  result.design_effect = variance / independent;
  const double effective = result.n / std::max(1.0, result.design_effect);
  result.interval = WilsonInterval(result.value * effective, effective,
                                   InverseStudentCdf(0.5 * (1 + confidence), patients - 1));
  result.status = EstimateStatus::kGiven;
  return result;
}

}  // namespace maskbench
