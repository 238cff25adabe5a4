#pragma once

#include <string>
#include <vector>

#include <opencv2/core.hpp>

#include "maskbench/pipeline/figure.h"

namespace maskbench {

/// A variant between who can be found behind it and what can still be measured on it.
struct PrivacyUtilityPoint {
  std::string variant, reader, group;
  /// Limits of agreement of MRD1 with the truth: bias ± half width, mm; 95 % interval of the
  /// latter.
  double mrd1_bias_mm = 0, mrd1_limits_mm = 0;
  Interval mrd1_limits_interval;
  /// Area under the ROC curve of the strongest attack, who it is, and what it attacks.
  double auc = 0;
  Interval auc_interval;
  std::string attacker, recogniser, gallery_variant;
  /// What is not masked is a reference, and no candidate for the front.
  bool masked = true;
  /// No other masked variant is better in one and as good in the other, by the same reader and
  /// pairing.
  bool on_front = false;
};

/// From the figures `strongest_auc` (of originals the largest auc of `face_to_face`) and
/// `mrd1_limits_of_agreement` of true millimetres over all bins; empty unless a run has both.
std::vector<PrivacyUtilityPoint> PrivacyUtility(const std::vector<Figure>& figures);

/// One row per point.
std::string PrivacyUtilityCsv(const std::vector<PrivacyUtilityPoint>& points);

/// Attack over limits, with intervals and the front of each reader. The same points give the same
/// pixels. @return 8-bit BGR; empty without points.
cv::Mat DrawPrivacyUtility(const std::vector<PrivacyUtilityPoint>& points);

}  // namespace maskbench
