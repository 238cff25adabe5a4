#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "maskbench/core/option_table.h"
#include "maskbench/pipeline/run_data.h"
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
