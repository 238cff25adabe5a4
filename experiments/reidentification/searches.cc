#include "experiments/reidentification/searches.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
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
std::vector<int> Deal(int subjects, int parts, uint64_t seed) {
  std::vector<std::pair<double, int>> order;
  for (int subject = 0; subject < subjects; ++subject)
    order.emplace_back(NamedRandom(seed, std::to_string(subject), "trained attacker").Uniform(),
                       subject);
  std::sort(order.begin(), order.end());
  std::vector<int> part_of(static_cast<size_t>(subjects));
  for (size_t k = 0; k < order.size(); ++k)
    part_of[static_cast<size_t>(order[k].second)] = static_cast<int>(k) % parts;
  return part_of;
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

Searches SearchWith(const Protocol& protocol, const Templates& probes, const Templates& gallery,
                    const Comparer& comparer) {
  using Descriptor = std::optional<std::vector<float>>;
  std::vector<Descriptor> enrolled;
  for (const Protocol::Entry& entry : protocol.gallery) {
    const Descriptor& own = gallery.at(entry.recording);
    enrolled.push_back(own ? comparer.of_gallery(*own) : std::nullopt);
  }
  std::vector<Comparison> comparisons;
  int64_t failed_probes = 0;
  for (const Protocol::Entry& probe : protocol.probes) {
    const Descriptor& own = probes.at(probe.recording);
    const Descriptor descriptor = own ? comparer.of_probe(*own) : std::nullopt;
    failed_probes += descriptor ? 0 : 1;
    for (size_t i = 0; i < enrolled.size(); ++i) {
      const double score =
          descriptor && enrolled[i] ? comparer.score(*descriptor, *enrolled[i]) : kFailedScore;
      comparisons.push_back({probe.subject, protocol.gallery[i].subject, score});
    }
  }
  return Rank(protocol, std::move(comparisons), failed_probes);
}

Searches Search(const Protocol& protocol, const Templates& probes, const Templates& gallery,
                DescriptorMetric metric) {
  const auto as_it_is = [](const std::vector<float>& own) { return std::optional(own); };
  return SearchWith(
      protocol, probes, gallery,
      {as_it_is, as_it_is, [metric](const std::vector<float>& a, const std::vector<float>& b) {
         return -DescriptorDistance(a, b, metric);
       }});
}

Comparer FindNobody() {
  const auto nothing = [](const std::vector<float>&) -> std::optional<std::vector<float>> {
    return std::nullopt;
  };
  return {nothing, nothing,
          [](const std::vector<float>&, const std::vector<float>&) { return kFailedScore; }};
}

std::vector<AttackedPart> DealIntoParts(const Protocol& protocol, int parts, uint64_t seed) {
  const std::vector<int> part_of = Deal(protocol.subject_count, parts, seed);
  std::vector<AttackedPart> dealt;
  for (int part = 0; part < parts; ++part) {
    AttackedPart one;
    one.attacked = OnlyPart(protocol, part_of, part);
    for (const std::vector<Protocol::Entry>* entries : {&protocol.gallery, &protocol.probes})
      for (const Protocol::Entry& entry : *entries)
        if (part_of[static_cast<size_t>(entry.subject)] != part) one.teachers.push_back(entry);
    dealt.push_back(std::move(one));
  }
  return dealt;
}

void Append(const Searches& more, Searches* all) {
  const auto append = [](auto* to, const auto& from) {
    to->insert(to->end(), from.begin(), from.end());
  };
  append(&all->comparisons, more.comparisons);
  append(&all->ranked, more.ranked);
  append(&all->mated, more.mated);
  append(&all->non_mated, more.non_mated);
  all->subjects += more.subjects;
  all->failed_probes += more.failed_probes;
  all->failed_searches += more.failed_searches;
}

std::vector<EmbeddingPair> PairsOf(const std::vector<Protocol::Entry>& teachers,
                                   const Templates& from, const Templates& to) {
  std::map<int, std::vector<std::string>> recordings;
  for (const Protocol::Entry& entry : teachers)
    recordings[entry.subject].push_back(entry.recording);
  std::vector<EmbeddingPair> pairs;
  for (const auto& [subject, own] : recordings) {
    for (const std::string& one : own) {
      for (const std::string& other : own) {
        const auto &a = from.at(one), &b = to.at(other);
        if (one != other && a && b) pairs.push_back({subject, *a, *b});
      }
    }
  }
  return pairs;
}

int PeopleIn(const std::vector<EmbeddingPair>& pairs) {
  std::set<int> people;
  for (const EmbeddingPair& pair : pairs) people.insert(pair.subject);
  return static_cast<int>(people.size());
}

Comparer LearnMapFrom(const std::vector<EmbeddingPair>& pairs, uint64_t seed) {
  if (PeopleIn(pairs) < EmbeddingMap::kLeastSubjects) return FindNobody();
  const auto map = std::make_shared<const EmbeddingMap>(EmbeddingMap::Learn(pairs, seed));
  return {[map](const std::vector<float>& own) { return std::optional(map->OfMasked(own)); },
          [map](const std::vector<float>& own) { return std::optional(map->OfOriginal(own)); },
          [](const std::vector<float>& a, const std::vector<float>& b) {
            return -DescriptorDistance(a, b, DescriptorMetric::kCosine);
          }};
}

Searches SearchTrained(const Protocol& protocol, const Templates& masked, const Templates& original,
                       uint64_t seed) {
  Searches all;
  for (const AttackedPart& part : DealIntoParts(protocol, kTrainedParts, seed)) {
    const Comparer comparer = LearnMapFrom(PairsOf(part.teachers, masked, original), seed);
    Append(SearchWith(part.attacked, masked, original, comparer), &all);
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
