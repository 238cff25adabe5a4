#include "experiments/reidentification/learned_searches.h"

#include <algorithm>
#include <memory>

#include "maskbench/recognition/embedding_map.h"

namespace maskbench {

std::vector<PersonDescriptor> DescriptorsOf(const std::vector<Protocol::Entry>& entries,
                                            const Templates& templates) {
  std::vector<PersonDescriptor> descriptors;
  for (const Protocol::Entry& entry : entries) {
    if (const auto& own = templates.at(entry.recording))
      descriptors.push_back({entry.subject, *own});
  }
  return descriptors;
}

LearnedComparer LearnIdentity(const std::vector<Protocol::Entry>& teachers,
                              const Templates& templates, std::uint64_t seed) {
  const std::vector<PersonDescriptor> samples = DescriptorsOf(teachers, templates);
  if (IdentitySpace::PeopleToLearnFrom(samples) < IdentitySpace::kLeastSubjects)
    return {FindNobody()};
  const auto space = std::make_shared<const IdentitySpace>(IdentitySpace::Learn(samples, seed));
  const auto place = [space](const std::vector<float>& own) {
    return std::optional(space->Place(own));
  };
  return {{place, place,
           [space](const std::vector<float>& a, const std::vector<float>& b) {
             return space->Score(a, b);
           }},
          space->validation_auc()};
}

LearnedComparer LearnMap(const std::vector<Protocol::Entry>& teachers, const Templates& masked,
                         const Templates& original, std::uint64_t seed) {
  const std::vector<EmbeddingPair> pairs = PairsOf(teachers, masked, original);
  if (PeopleIn(pairs) < EmbeddingMap::kLeastSubjects) return {FindNobody()};
  const auto map = std::make_shared<const EmbeddingMap>(EmbeddingMap::Learn(pairs, seed));
  return {{[map](const std::vector<float>& own) { return std::optional(map->OfMasked(own)); },
           [map](const std::vector<float>& own) { return std::optional(map->OfOriginal(own)); },
           [](const std::vector<float>& a, const std::vector<float>& b) {
             return -DescriptorDistance(a, b, DescriptorMetric::kCosine);
           }},
          map->validation_auc()};
}

Searches SearchInIdentitySpace(const Protocol& protocol, const Templates& templates,
                               std::uint64_t seed) {
  Searches all;
  for (const AttackedPart& part : DealIntoParts(protocol, kTrainedParts, seed)) {
    const LearnedComparer learned = LearnIdentity(part.teachers, templates, seed);
    Append(SearchWith(part.attacked, templates, templates, learned.comparer), &all);
  }
  return all;
}

bool AnyEnrolled(const Templates& templates) {
  return std::any_of(templates.begin(), templates.end(),
                     [](const auto& entry) { return entry.second.has_value(); });
}

}  // namespace maskbench
