#include "experiments/reidentification/attribute_figures.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include <fmt/format.h>

#include "maskbench/stats/proportion.h"
#include "maskbench/stats/roc_area.h"

namespace maskbench {
namespace {

Proportion ShareOf(const std::vector<ReadAttribute>& all,
                   const std::function<bool(const ReadAttribute&)>& counts) {
  std::map<int, ClusterShare> clusters;
  for (const ReadAttribute& read : all) {
    clusters[read.subject].hits += counts(read) ? 1 : 0;
    clusters[read.subject].n += 1;
  }
  std::vector<ClusterShare> shares;
  for (const auto& [subject, share] : clusters) shares.push_back(share);
  return ClusteredProportion(shares);
}

}  // namespace

void AddAttributeFigures(const AttributeNames& names, const std::vector<ReadAttribute>& all,
                         int64_t failed, const Figure& head, std::vector<Figure>* figures) {
  std::set<int> people;
  std::vector<int> sizes(names.classes.size(), 0);
  for (const ReadAttribute& read : all) {
    people.insert(read.subject);
    ++sizes[static_cast<size_t>(read.label)];
  }
  const auto add = [&](const char* metric, const std::string& parameter,
                       const IntervalEstimate& estimate) {
    Figure figure = head;
    figure.metric = metric;
    figure.parameter = parameter;
    figure.value = estimate.value;
    if (static_cast<int>(people.size()) >= kMinimumUnits) figure.interval = estimate.interval;
    figure.n = static_cast<long long>(all.size());
    figure.n_unit = "recording";
    figure.n_failed = failed;
    figure.unit = "share";
    figures->push_back(figure);
  };
  const auto most = static_cast<int>(std::max_element(sizes.begin(), sizes.end()) - sizes.begin());
  const std::string name = "attribute=" + names.attribute;
  add("attribute_accuracy", name,
      ShareOf(all, [](const ReadAttribute& read) { return read.called == read.label; }));
  IntervalEstimate majority =
      ShareOf(all, [&](const ReadAttribute& read) { return read.label == most; });
  majority.interval = {};
  add("attribute_majority", name, majority);
  for (const int which : names.told) {
    const auto column = static_cast<size_t>(which);
    std::vector<ScoredEye> scored;
    for (const ReadAttribute& read : all)
      scored.push_back({read.subject, read.label == which, read.scores[column]});
    add("attribute_auc",
        fmt::format("attribute={},class={}", names.attribute, names.classes[column]),
        ClusteredRocArea(scored));
  }
}

}  // namespace maskbench
