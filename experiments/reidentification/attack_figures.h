#pragma once

#include <cstdint>
#include <vector>

#include "maskbench/pipeline/experiment.h"
#include "maskbench/recognition/recogniser.h"
#include "maskbench/stats/biometrics.h"

#include "experiments/reidentification/options.h"
#include "experiments/reidentification/searches.h"
#include "experiments/reidentification/sign_matching.h"

namespace maskbench {

/// Makes figures of what attackers found.
class AttackFigures {
 public:
  /// @param options  outlives this.
  AttackFigures(const ReidentificationOptions& options, std::uint64_t seed)
      : options_(options), seed_(seed) {}

  /// All figures of one attack; rank_1, auc, eer and failure_to_enrol alone for a single condition.
  /// @param parts  Attacker::parts. @param head  says of which attack they are.
  void Add(const Protocol& protocol, const Searches& searches, const Verification& verification,
           int parts, const Figure& head, std::vector<Figure>* figures) const;

  /// What the same attacker makes of recordings into which a weak leak was planted.
  void AddPlanted(const Protocol& protocol, const Searches& searches, Figure head,
                  std::vector<Figure>* figures) const;

  /// The area under the ROC curve among people with the same signs; nothing where nobody matches.
  void AddSignMatched(const Protocol& protocol, const Searches& searches,
                      const SignMatches& matches, const Figure& head,
                      std::vector<Figure>* figures) const;

  /// Of descriptors that are compared as they are.
  void AddOfDistances(const Protocol& protocol, const Searches& searches,
                      const Verification& verification, const Templates& gallery,
                      DescriptorMetric metric, const Figure& head,
                      std::vector<Figure>* figures) const;

 private:
  const ReidentificationOptions& options_;
  std::uint64_t seed_;
};

/// How the distances of one attack are distributed. @param is_dlib  with the threshold of dlib's
/// author.
ReportHistogram HistogramOf(const Verification& verification, DescriptorMetric metric,
                            const Figure& head, bool is_dlib);

}  // namespace maskbench
