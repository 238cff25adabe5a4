#pragma once

#include <cstdint>
#include <vector>

#include "maskbench/recognition/identity_space.h"

#include "experiments/reidentification/searches.h"

namespace maskbench {

/// Descriptors of recordings that enrolled.
std::vector<PersonDescriptor> DescriptorsOf(const std::vector<Protocol::Entry>& entries,
                                            const Templates& templates);

/// A way of comparing that was learned from people who are not attacked.
struct LearnedComparer {
  Comparer comparer;
  /// On the people who were left out to choose settings; 0.5 where nothing could be learned.
  double validation_auc = 0.5;
};

/// Learns what tells people apart in one kind of recording (IdentitySpace). With too few people to
/// learn from it finds nobody.
LearnedComparer LearnIdentity(const std::vector<Protocol::Entry>& teachers,
                              const Templates& templates, std::uint64_t seed);

/// Learns the linear map from masked descriptors to original ones (EmbeddingMap); the same.
LearnedComparer LearnMap(const std::vector<Protocol::Entry>& teachers, const Templates& masked,
                         const Templates& original, std::uint64_t seed);

/// Like SearchTrained where probes and gallery are of one kind: an attacker who learned what tells
/// people apart in it searches in each part of the subjects, having learned from the others.
Searches SearchInIdentitySpace(const Protocol& protocol, const Templates& templates,
                               std::uint64_t seed);

/// Whether any recording enrolled.
bool AnyEnrolled(const Templates& templates);

}  // namespace maskbench
