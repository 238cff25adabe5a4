#include "experiments/reidentification/mood.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "maskbench/recognition/mood.h"

#include "experiments/reidentification/attribute_figures.h"

namespace maskbench {
namespace {

using Probabilities = std::optional<std::vector<float>>;

struct LabelAndAnswer {
  Probabilities label, answer;
};

/// Means of every other frame that was looked at, starting with the first and with the second.
LabelAndAnswer Halves(const std::optional<Observations>& seen) {
  if (!seen) return {};
  std::vector<std::vector<float>> halves[2];
  size_t count = 0;
  for (const Embedding& embedding : seen->embeddings) {
    if (embedding.frame != Embedding::kTemplate) halves[count++ % 2].push_back(embedding.values);
  }
  if (count < 2) return {};
  return {MeanDescriptor(halves[0], DescriptorMetric::kEuclidean),
          MeanDescriptor(halves[1], DescriptorMetric::kEuclidean)};
}

}  // namespace

void AddMood(const AttackInput& input, const Figure& head, std::vector<Figure>* figures) {
  const std::string& original = input.options.gallery_variant;
  const bool itself = input.plan.variant == original;
  std::vector<ReadAttribute> all;
  std::vector<size_t> without_answer;
  std::vector<int> sizes(MoodNames().size(), 0);
  for (const std::vector<Protocol::Entry>* entries :
       {&input.protocol.gallery, &input.protocol.probes}) {
    for (const Protocol::Entry& entry : *entries) {
      const LabelAndAnswer seen =
          itself ? Halves(input.data.Observed(entry.recording, original, head.recogniser))
                 : LabelAndAnswer{input.templates->Of(original).at(entry.recording),
                                  input.Probes().at(entry.recording)};
      if (!seen.label) continue;
      ReadAttribute read;
      read.subject = entry.subject;
      read.label = MoodOf(*seen.label);
      ++sizes[static_cast<size_t>(read.label)];
      if (seen.answer) {
        read.called = MoodOf(*seen.answer);
        read.scores.assign(seen.answer->begin(), seen.answer->end());
      } else {
        without_answer.push_back(all.size());
      }
      all.push_back(std::move(read));
    }
  }
  if (all.empty()) return;
  const auto most = static_cast<int>(std::max_element(sizes.begin(), sizes.end()) - sizes.begin());
  for (const size_t i : without_answer) {
    all[i].called = most;
    for (const int size : sizes)
      all[i].scores.push_back(static_cast<double>(size) / static_cast<double>(all.size()));
  }
  std::vector<int> told;
  for (int which = 0; which < static_cast<int>(sizes.size()); ++which) {
    std::set<int> with, without;
    for (const ReadAttribute& read : all)
      (read.label == which ? with : without).insert(read.subject);
    if (static_cast<int>(std::min(with.size(), without.size())) >= kLeastPerClass)
      told.push_back(which);
  }
  AddAttributeFigures({"mood", MoodNames(), told}, all, static_cast<int64_t>(without_answer.size()),
                      head, figures);
}

}  // namespace maskbench
