#include "experiments/reidentification/learning_curve.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "maskbench/core/rng.h"
#include "maskbench/stats/biometrics.h"

#include "experiments/reidentification/learned_searches.h"
#include "experiments/reidentification/searches.h"

namespace maskbench {
namespace {

constexpr int kFewestPeople = 25;

/// The recordings of the first `most` people among them.
std::vector<Protocol::Entry> FirstPeople(const std::vector<Protocol::Entry>& teachers,
                                         const std::vector<int>& order, int most) {
  const std::set<int> chosen(order.begin(), order.begin() + most);
  std::vector<Protocol::Entry> entries;
  for (const Protocol::Entry& entry : teachers) {
    if (chosen.count(entry.subject) > 0) entries.push_back(entry);
  }
  return entries;
}

/// The people of those recordings, in an order that is drawn.
std::vector<int> DrawnOrder(const std::vector<Protocol::Entry>& teachers, std::uint64_t seed) {
  std::set<int> people;
  for (const Protocol::Entry& entry : teachers) people.insert(entry.subject);
  std::vector<std::pair<double, int>> drawn;
  for (const int person : people) {
    drawn.emplace_back(NamedRandom(seed, std::to_string(person), "learning curve").Uniform(),
                       person);
  }
  std::sort(drawn.begin(), drawn.end());
  std::vector<int> order;
  for (const auto& [draw, person] : drawn) order.push_back(person);
  return order;
}

}  // namespace

void AddLearningCurve(const AttackInput& input, const Figure& head, std::vector<Figure>* figures) {
  const std::vector<AttackedPart> parts =
      DealIntoParts(input.protocol, kTrainedParts, input.seed());
  std::vector<std::vector<int>> orders;
  size_t most = static_cast<size_t>(input.protocol.subject_count);
  for (const AttackedPart& part : parts) {
    orders.push_back(DrawnOrder(part.teachers, input.seed()));
    most = std::min(most, orders.back().size());
  }
  const bool among_masks = input.plan.variant == input.plan.gallery_variant;
  for (int people = kFewestPeople; people < static_cast<int>(most); people *= 2) {
    Searches all;
    for (size_t p = 0; p < parts.size(); ++p) {
      const std::vector<Protocol::Entry> teachers =
          FirstPeople(parts[p].teachers, orders[p], people);
      const Comparer learned =
          among_masks
              ? LearnIdentity(teachers, input.Probes(), input.seed()).comparer
              : LearnMapFrom(PairsOf(teachers, input.Probes(), input.Gallery()), input.seed());
      Append(SearchWith(parts[p].attacked, input.Probes(), input.Gallery(), learned), &all);
    }
    Figure figure = head;
    figure.metric = "learning_curve_auc";
    figure.parameter = "learned_from=" + std::to_string(people);
    figure.value = Verification(all.comparisons).Auc();
    figure.n = all.subjects;
    figure.n_unit = "subject";
    figure.n_failed = all.failed_searches;
    figure.unit = "share";
    figures->push_back(figure);
  }
}

}  // namespace maskbench
