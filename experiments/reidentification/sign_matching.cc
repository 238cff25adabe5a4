#include "experiments/reidentification/sign_matching.h"

#include <cmath>
#include <map>
#include <string>

#include "maskbench/pipeline/condition.h"

#include "experiments/reidentification/true_signs.h"

namespace maskbench {

SignMatches::SignMatches(const RunData& data, const Protocol& protocol, double tolerance)
    : people_(static_cast<size_t>(protocol.subject_count)), matches_(people_ * people_, 0) {
  const auto signs = SignsInErrors(data);
  const auto condition = [&](const Protocol::Entry& entry) {
    return ConditionOf(*data.dataset().FindRecording(entry.recording));
  };
  std::vector<char> seen(people_, 0);
  for (const Protocol::Entry& probe : protocol.probes) {
    const auto person = static_cast<size_t>(probe.subject);
    if (seen[person] != 0) continue;
    seen[person] = 1;
    const auto& own = signs.at(probe.recording);
    if (!own) continue;
    for (const Protocol::Entry& entry : protocol.gallery) {
      const auto& other = signs.at(entry.recording);
      if (!other || entry.subject == probe.subject || other->size() != own->size()) continue;
      if (condition(probe) != condition(entry)) continue;
      double sum = 0;
      for (size_t k = 0; k < own->size(); ++k) {
        const double off = static_cast<double>((*own)[k]) - static_cast<double>((*other)[k]);
        sum += off * off;
      }
      if (std::sqrt(sum / static_cast<double>(own->size())) > tolerance) continue;
      matches_[person * people_ + static_cast<size_t>(entry.subject)] = 1;
      any_ = true;
    }
  }
}

bool SignMatches::operator()(int probe_subject, int gallery_subject) const {
  return matches_[static_cast<size_t>(probe_subject) * people_ +
                  static_cast<size_t>(gallery_subject)] != 0;
}

}  // namespace maskbench
