#include "experiments/reidentification/searches.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "maskbench/core/rng.h"
#include "maskbench/pipeline/condition.h"
#include "maskbench/recognition/embedding_map.h"

namespace maskbench {
namespace {

constexpr double kFailedScore = -std::numeric_limits<double>::infinity();

/// Whether two entries of a manifest hold the same frames.
bool ShareFrames(const LabelledRecording& a, const LabelledRecording& b) {
  if (a.sha256.empty() || a.sha256 != b.sha256) return false;
  const auto end = [](const LabelledRecording& recording) {
    return recording.frame_count ? recording.first_frame + *recording.frame_count
                                 : std::numeric_limits<int64_t>::max();
  };
  return a.first_frame < end(b) && b.first_frame < end(a);
}

/// The part that each subject belongs to, dealt in a drawn order.
std::vector<int> Deal(int subjects, uint64_t seed) {
  std::vector<std::pair<double, int>> order;
  for (int subject = 0; subject < subjects; ++subject)
    order.emplace_back(NamedRandom(seed, std::to_string(subject), "trained attacker").Uniform(),
                       subject);
  std::sort(order.begin(), order.end());
  std::vector<int> parts(static_cast<size_t>(subjects));
  for (size_t k = 0; k < order.size(); ++k)
    parts[static_cast<size_t>(order[k].second)] = static_cast<int>(k) % kTrainedParts;
  return parts;
}

Protocol OnlyPart(const Protocol& protocol, const std::vector<int>& parts, int part) {
  Protocol only = protocol;
  const auto elsewhere = [&](const Protocol::Entry& entry) {
    return parts[static_cast<size_t>(entry.subject)] != part;
  };
  for (std::vector<Protocol::Entry>* entries : {&only.gallery, &only.probes})
    entries->erase(std::remove_if(entries->begin(), entries->end(), elsewhere), entries->end());
  return only;
}

/// Every masked recording with every other, original one of the same person, of those who are not
/// attacked.
std::vector<EmbeddingPair> TrainingPairs(const Protocol& protocol, const std::vector<int>& parts,
                                         int attacked, const Templates& masked,
                                         const Templates& original) {
  std::map<int, std::vector<std::string>> recordings;
  for (const std::vector<Protocol::Entry>* entries : {&protocol.gallery, &protocol.probes})
    for (const Protocol::Entry& entry : *entries)
      if (parts[static_cast<size_t>(entry.subject)] != attacked)
        recordings[entry.subject].push_back(entry.recording);
  std::vector<EmbeddingPair> pairs;
  for (const auto& [subject, own] : recordings) {
    for (const std::string& one : own) {
      for (const std::string& other : own) {
        const auto &from = masked.at(one), &to = original.at(other);
        if (one != other && from && to) pairs.push_back({subject, *from, *to});
      }
    }
  }
  return pairs;
}

}  // namespace

Protocol MakeProtocol(const Dataset& dataset, const std::vector<std::string>& recordings,
                      const std::string& pairing) {
  Protocol protocol;
  std::map<std::string, int> subjects;
  std::map<std::string, const LabelledRecording*> enrolled;
  for (const std::string& id : recordings) {
    const LabelledRecording* recording = dataset.FindRecording(id);
    const auto [subject, fresh] =
        subjects.emplace(recording->subject, static_cast<int>(subjects.size()));
    if (fresh) {
      // A subject's first recording is enrolled; the others are probes.
      enrolled[recording->subject] = recording;
      protocol.gallery.push_back({subject->second, id});
    } else if (pairing == "different_recording" ||
               recording->session != enrolled[recording->subject]->session) {
      protocol.probes.push_back({subject->second, id});
    }
  }
  protocol.subject_count = static_cast<int>(subjects.size());
  return protocol;
}

void RefuseSharedRecordings(const Dataset& dataset, const Protocol& protocol, Problems* problems) {
  std::multimap<std::string, const LabelledRecording*> enrolled;
  for (const Protocol::Entry& entry : protocol.gallery) {
    const LabelledRecording* recording = dataset.FindRecording(entry.recording);
    enrolled.emplace(recording->sha256, recording);
  }
  for (const Protocol::Entry& entry : protocol.probes) {
    const LabelledRecording* probe = dataset.FindRecording(entry.recording);
    const auto [begin, end] = enrolled.equal_range(probe->sha256);
    for (auto at = begin; at != end; ++at) {
      if (!ShareFrames(*probe, *at->second)) continue;
      problems->Add("dataset",
                    fmt::format("the recordings \"{}\" and \"{}\" share frames of one file; "
                                "gallery and probe must be different recordings",
                                at->second->id, probe->id));
    }
  }
}

Protocol OnlyCondition(Protocol protocol, const RunData& data, const std::string& condition) {
  const auto other = [&](const Protocol::Entry& probe) {
    return ConditionOf(*data.dataset().FindRecording(probe.recording)) != condition;
  };
  protocol.probes.erase(std::remove_if(protocol.probes.begin(), protocol.probes.end(), other),
                        protocol.probes.end());
  return protocol;
}

Searches Rank(const Protocol& protocol, std::vector<Comparison> comparisons,
              int64_t failed_probes) {
  Searches searches;
  searches.comparisons = std::move(comparisons);
  searches.failed_probes = failed_probes;
  std::set<int> subjects;
  auto comparison = searches.comparisons.begin();
  for (const Protocol::Entry& probe : protocol.probes) {
    subjects.insert(probe.subject);
    std::vector<double> scores;
    double own_score = kFailedScore, best_score = kFailedScore;
    for (size_t i = 0; i < protocol.gallery.size(); ++i, ++comparison) {
      if (comparison->gallery_subject == probe.subject) {
        own_score = comparison->score;
      } else {
        scores.push_back(comparison->score);
        best_score = std::max(best_score, comparison->score);
      }
    }
    RankedProbe rank;
    rank.subject = probe.subject;
    rank.failed = std::isinf(own_score);
    searches.failed_searches += rank.failed ? 1 : 0;
    rank.better = static_cast<int>(
        std::count_if(scores.begin(), scores.end(), [&](double s) { return s > own_score; }));
    rank.tied = static_cast<int>(std::count(scores.begin(), scores.end(), own_score));
    searches.ranked.push_back(rank);
    searches.mated.push_back({probe.subject, own_score, rank.better, rank.tied});
    searches.non_mated.push_back({probe.subject, best_score});
  }
  searches.subjects = static_cast<int>(subjects.size());
  return searches;
}

Searches Search(const Protocol& protocol, const Templates& probes, const Templates& gallery,
                DescriptorMetric metric) {
  std::vector<Comparison> comparisons;
  int64_t failed_probes = 0;
  for (const Protocol::Entry& probe : protocol.probes) {
    const std::optional<std::vector<float>>& descriptor = probes.at(probe.recording);
    failed_probes += descriptor ? 0 : 1;
    for (const Protocol::Entry& entry : protocol.gallery) {
      const std::optional<std::vector<float>>& enrolled = gallery.at(entry.recording);
      const double score = descriptor && enrolled
                               ? -DescriptorDistance(*descriptor, *enrolled, metric)
                               : kFailedScore;
      comparisons.push_back({probe.subject, entry.subject, score});
    }
  }
  return Rank(protocol, std::move(comparisons), failed_probes);
}

Searches SearchTrained(const Protocol& protocol, const Templates& masked, const Templates& original,
                       uint64_t seed) {
  const std::vector<int> parts = Deal(protocol.subject_count, seed);
  Searches all;
  for (int part = 0; part < kTrainedParts; ++part) {
    const Protocol attacked = OnlyPart(protocol, parts, part);
    const std::vector<EmbeddingPair> pairs = TrainingPairs(protocol, parts, part, masked, original);
    std::set<int> teachers;
    for (const EmbeddingPair& pair : pairs) teachers.insert(pair.subject);
    std::optional<EmbeddingMap> map;
    if (static_cast<int>(teachers.size()) >= EmbeddingMap::kLeastSubjects)
      map = EmbeddingMap::Learn(pairs, seed);
    Templates probes, gallery;
    for (const Protocol::Entry& probe : attacked.probes) {
      const auto& own = masked.at(probe.recording);
      probes[probe.recording] = own && map ? std::optional(map->OfMasked(*own)) : std::nullopt;
    }
    for (const Protocol::Entry& entry : attacked.gallery) {
      const auto& own = original.at(entry.recording);
      gallery[entry.recording] = own && map ? std::optional(map->OfOriginal(*own)) : std::nullopt;
    }
    const Searches found = Search(attacked, probes, gallery, DescriptorMetric::kCosine);
    const auto append = [](auto* to, const auto& from) {
      to->insert(to->end(), from.begin(), from.end());
    };
    append(&all.comparisons, found.comparisons);
    append(&all.ranked, found.ranked);
    append(&all.mated, found.mated);
    append(&all.non_mated, found.non_mated);
    all.subjects += found.subjects;
    all.failed_probes += found.failed_probes;
    all.failed_searches += found.failed_searches;
  }
  return all;
}

Templates Plant(const Templates& masked, const Templates& original, double share) {
  Templates planted = masked;
  for (auto& [recording, descriptor] : planted) {
    const std::optional<std::vector<float>>& own = original.at(recording);
    if (!descriptor || !own || own->size() != descriptor->size()) continue;
    for (size_t k = 0; k < descriptor->size(); ++k)
      (*descriptor)[k] = static_cast<float>((1 - share) * (*descriptor)[k] + share * (*own)[k]);
  }
  return planted;
}

}  // namespace maskbench
