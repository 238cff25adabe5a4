#include "maskbench/pipeline/subject_order.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include <fmt/format.h>

#include "maskbench/core/rng.h"
#include "maskbench/pipeline/condition.h"

namespace maskbench {

SubjectOrder::SubjectOrder(const std::vector<const LabelledRecording*>& recordings, uint64_t seed) {
  std::map<std::string, std::string> condition_of;  // A subject's first recording says.
  for (const LabelledRecording* recording : recordings)
    condition_of.try_emplace(recording->subject, ConditionOf(*recording));
  // Of each condition in random order.
  std::map<std::string, std::vector<std::pair<double, std::string>>> groups;
  for (const auto& [subject, condition] : condition_of)
    groups[condition].emplace_back(NamedRandom(seed, subject, "share of subjects").Uniform(),
                                   subject);
  // Spread evenly: the k-th of n comes at (k + ½) / n of the way.
  std::vector<std::tuple<double, std::string, std::string>> order;
  for (auto& [condition, members] : groups) {
    std::sort(members.begin(), members.end());
    for (size_t k = 0; k < members.size(); ++k)
      order.emplace_back((static_cast<double>(k) + 0.5) / static_cast<double>(members.size()),
                         condition, members[k].second);
  }
  std::sort(order.begin(), order.end());
  for (const auto& [place, condition, subject] : order) subjects_.push_back(subject);
}

std::set<std::string> SubjectOrder::First(double share) const {
  const auto count =
      std::clamp<long>(std::lround(share * static_cast<double>(subjects_.size())),
                       subjects_.empty() ? 0 : 1, static_cast<long>(subjects_.size()));
  return {subjects_.begin(), subjects_.begin() + count};
}

}  // namespace maskbench
