#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "maskbench/core/option_table.h"
#include "maskbench/pipeline/run_data.h"
#include "maskbench/recognition/embedding_map.h"
#include "maskbench/recognition/recogniser.h"
#include "maskbench/stats/biometrics.h"
#include "maskbench/stats/identification.h"

namespace maskbench {

/// Descriptors of one variant by recording; nothing where enrolment failed.
using Templates = std::map<std::string, std::optional<std::vector<float>>>;

/// Who is enrolled with which recording, and who is looked for.
struct Protocol {
  struct Entry {
    int subject;
    std::string recording;
  };
  std::vector<Entry> gallery, probes;
  int subject_count = 0;
};

/// What came of searching for every probe in the gallery.
struct Searches {
  /// Probe by probe, each against the whole gallery.
  std::vector<Comparison> comparisons;
  std::vector<RankedProbe> ranked;
  std::vector<MatedSearch> mated;
  /// Every probe once more, in a gallery without its subject.
  std::vector<NonMatedSearch> non_mated;
  /// Subjects with a probe.
  int subjects = 0;
  int64_t failed_probes = 0, failed_searches = 0;
};

/// A subject's first recording is enrolled; the others are probes.
/// @param pairing  "different_recording" or "different_session".
Protocol MakeProtocol(const Dataset& dataset, const std::vector<std::string>& recordings,
                      const std::string& pairing);

/// Adds a problem for every probe that shows frames of the gallery: it would be recognised by
/// them.
void RefuseSharedRecordings(const Dataset& dataset, const Protocol& protocol, Problems* problems);

/// The same gallery, probed with the recordings of one condition only.
Protocol OnlyCondition(Protocol protocol, const RunData& data, const std::string& condition);

/// @param comparisons  of every probe with the whole gallery, in the protocol's order.
Searches Rank(const Protocol& protocol, std::vector<Comparison> comparisons, int64_t failed_probes);

Searches Search(const Protocol& protocol, const Templates& probes, const Templates& gallery,
                DescriptorMetric metric);

/// The same with scores, higher for more alike, of whatever descriptors are turned into first.
/// Where that gives nothing, enrolment failed.
struct Comparer {
  std::function<std::optional<std::vector<float>>(const std::vector<float>&)> of_probe, of_gallery;
  std::function<double(const std::vector<float>& probe, const std::vector<float>& gallery)> score;
};
Searches SearchWith(const Protocol& protocol, const Templates& probes, const Templates& gallery,
                    const Comparer& comparer);
/// Of somebody who knows nothing: every search fails.
Comparer FindNobody();

/// One part of the subjects, searched among itself, and the recordings of everybody else, from whom
/// an attacker may learn: nobody whom the attacker has seen is enrolled.
struct AttackedPart {
  Protocol attacked;
  std::vector<Protocol::Entry> teachers;
};
/// Deals subjects into parts in a drawn order, the same for each seed. Gallery and probes keep
/// their order within a part.
std::vector<AttackedPart> DealIntoParts(const Protocol& protocol, int parts, uint64_t seed);
/// Puts searches of several parts together.
void Append(const Searches& more, Searches* all);

/// Every recording of `teachers` with every other one of the same person: the first as `from` has
/// it, the second as `to` has it. Those that failed to enrol are left out.
std::vector<EmbeddingPair> PairsOf(const std::vector<Protocol::Entry>& teachers,
                                   const Templates& from, const Templates& to);
int PeopleIn(const std::vector<EmbeddingPair>& pairs);

/// Compares what a map makes of masked and of original descriptors that was learned from those
/// pairs (EmbeddingMap). With fewer than EmbeddingMap::kLeastSubjects people it finds nobody.
Comparer LearnMapFrom(const std::vector<EmbeddingPair>& pairs, uint64_t seed);

/// An attacker who learned from one half of the subjects how their masked recordings differ from
/// other, original ones searches for the other half, and the other way round; each within its half,
/// so that nobody whom the attacker has seen is enrolled. Who has fewer than
/// EmbeddingMap::kLeastSubjects people with descriptors to learn from finds nobody: failed
/// searches.
Searches SearchTrained(const Protocol& protocol, const Templates& masked, const Templates& original,
                       uint64_t seed);

/// Parts into which the subjects are dealt for it.
inline constexpr int kTrainedParts = 2, kLeastTrainedSubjects = 20;

/// Masked descriptors with a share of the same recordings' original ones mixed in.
Templates Plant(const Templates& masked, const Templates& original, double share);

}  // namespace maskbench
