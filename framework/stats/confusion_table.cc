#include "maskbench/stats/confusion_table.h"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "maskbench/core/error.h"

namespace maskbench {
namespace {

int CheckedCategories(int categories) {
  if (categories < 1)
    throw UsageError(fmt::format("A table needs at least 1 category, not {}.", categories));
  return categories;
}

int CheckedCell(int first, int second, int categories) {
  for (const int category : {first, second})
    if (category < 0 || category >= categories)
      throw UsageError(
          fmt::format("Category {} does not exist; they are 0 to {}.", category, categories - 1));
  return first * categories + second;
}

}  // namespace

ConfusionTable::ConfusionTable(int categories)
    : categories_(CheckedCategories(categories)),
      counts_(static_cast<size_t>(categories) * categories, 0.0) {}

ConfusionTable::ConfusionTable(int categories, std::vector<double> counts)
    : categories_(CheckedCategories(categories)), counts_(std::move(counts)) {
  const auto cells = static_cast<size_t>(categories) * categories;
  if (counts_.size() != cells)
    throw UsageError(fmt::format("A table of {} categories has {} cells, not {}.", categories,
                                 cells, counts_.size()));
  if (!std::all_of(counts_.begin(), counts_.end(), [](double count) { return count >= 0; }))
    throw UsageError("A table's counts must not be negative.");
}

void ConfusionTable::Add(int first, int second, double count) {
  counts_[CheckedCell(first, second, categories_)] += count;
}

double ConfusionTable::Total() const {
  return std::accumulate(counts_.begin(), counts_.end(), 0.0);
}

ClusterCounts CountPairs(const std::vector<PairedReading>& readings, int categories) {
  ClusterCounts counts(CheckedCategories(categories) * categories);
  for (const PairedReading& reading : readings)
    counts.Add(reading.patient, CheckedCell(reading.first, reading.second, categories));
  return counts;
}

}  // namespace maskbench
