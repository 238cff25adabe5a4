#pragma once

#include <string>
#include <vector>

namespace maskbench {

/// Which way is better.
enum class Better { kLower, kHigher, kNeither };

/// What one subject contributes to an experiment: the mean over the subject's eyes, recordings or
/// probes. Runs and variants are compared subject by subject with it (`maskbench compare`).
struct SubjectValue {
  /// As in the figures of the same experiment.
  std::string variant, condition, group, reader, recogniser, attacker, gallery_variant;
  std::string metric, unit;
  Better better = Better::kNeither;
  /// Id in the manifest.
  std::string subject;
  double value = 0;
};

class RunData;

/// What an experiment implements besides Experiment when it can say what stands behind its figures
/// subject by subject.
class SubjectValueSource {
 public:
  virtual ~SubjectValueSource() = default;
  /// Finite values. What could not be measured must show in a metric of its own, so that failing is
  /// never better.
  virtual std::vector<SubjectValue> SubjectValues(const RunData& data) = 0;
};

}  // namespace maskbench
