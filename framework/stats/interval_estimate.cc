#include "maskbench/stats/interval_estimate.h"

namespace maskbench {

const char* Explain(EstimateStatus status) {
  switch (status) {
    case EstimateStatus::kGiven:
      return "";
    case EstimateStatus::kNoData:
      return "nothing to compare";
    case EstimateStatus::kOneCategory:
      return "one category only";
    case EstimateStatus::kTooFewClusters:
      return "too few patients for an interval";
    case EstimateStatus::kNoVariation:
      return "no variation";
  }
  return "";
}

}  // namespace maskbench
