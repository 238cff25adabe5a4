#include "experiments/diagnostic_consistency/answer_tables.h"

#include <cmath>
#include <limits>
#include <set>

#include "maskbench/stats/cluster_counts.h"
#include "maskbench/stats/kappa.h"

namespace maskbench::consistency {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

}  // namespace

AnswerPairs PairAnswers(const ReaderGroup& group, const std::vector<EyeUnit>& units,
                        const std::string& first, const std::string& second, size_t condition,
                        const UnitFilter& filter) {
  AnswerPairs pairs;
  for (int member = 0; member < group.members; ++member)
    for (size_t u = 0; u < units.size(); ++u) {
      if (filter && !filter(units[u])) continue;
      const Finding* before = group.At(first, member, u, condition);
      const Finding* after = group.At(second, member, u, condition);
      if (before == nullptr || after == nullptr) continue;
      if (AnswerOf(*before) == kUnread) {
        ++pairs.unread_first;
        continue;
      }
      if (AnswerOf(*after) == kUnread) ++pairs.unread_second;
      pairs.readings.push_back({member, units[u].patient, AnswerOf(*before), AnswerOf(*after)});
    }
  return pairs;
}

AnswerTables::AnswerTables(int members, int patients)
    : members_(members),
      patients_(patients),
      cells_(static_cast<size_t>(members) * static_cast<size_t>(patients), Cells{}) {}

void AnswerTables::Add(const std::vector<PanelReading>& readings) {
  for (const PanelReading& reading : readings) {
    Cells& cells = cells_[static_cast<size_t>(reading.reader) * static_cast<size_t>(patients_) +
                          static_cast<size_t>(reading.patient)];
    cells[static_cast<size_t>(reading.first * kAnswers + reading.second)] += 1;
  }
}

double AnswerTables::Mean(const Statistic& statistic, const std::vector<double>& reader_weights,
                          const std::vector<double>& patient_weights) const {
  double sum = 0, total = 0;
  for (int m = 0; m < members_; ++m) {
    const double weight = reader_weights[static_cast<size_t>(m)];
    if (weight == 0) continue;
    Cells cells{};
    for (int p = 0; p < patients_; ++p) {
      const double times = patient_weights[static_cast<size_t>(p)];
      if (times == 0) continue;
      const Cells& own = At(m, p);
      for (size_t i = 0; i < cells.size(); ++i) cells[i] += times * own[i];
    }
    const double value = statistic(cells);
    if (std::isnan(value)) continue;
    sum += weight * value;
    total += weight;
  }
  return total > 0 ? sum / total : kNan;
}

IntervalEstimate AnswerTables::Estimate(const Statistic& statistic, int resamples,
                                        NamedRandom random) const {
  if (members_ > 1)
    return PanelBootstrap(
        members_, patients_, resamples, random,
        [&](const std::vector<double>& readers, const std::vector<double>& people) {
          return Mean(statistic, readers, people);
        });
  ClusterCounts counts(kAnswers * kAnswers);
  for (int p = 0; p < patients_; ++p)
    for (size_t i = 0; i < Cells{}.size(); ++i)
      if (At(0, p)[i] > 0) counts.Add(p, static_cast<int>(i), At(0, p)[i]);
  if (counts.size() == 0) return {};
  return ClusterBootstrap(counts, resamples, random,
                          [&](const std::vector<double>& totals) {
                            Cells cells{};
                            for (size_t i = 0; i < cells.size(); ++i) cells[i] = totals[i];
                            return statistic(cells);
                          })
      .ToEstimate();
}

int AnswerTables::PatientsRead() const {
  std::set<int> read;
  for (int m = 0; m < members_; ++m)
    for (int p = 0; p < patients_; ++p)
      for (const double count : At(m, p))
        if (count > 0) read.insert(p);
  return static_cast<int>(read.size());
}

double PresenceKappa(const AnswerTables::Cells& cells) {
  static const std::vector<double> weights = AgreementWeights(KappaWeighting::kNone, kAnswers);
  return KappaOf(cells.data(), kAnswers, weights);
}

double ObservedAgreement(const AnswerTables::Cells& cells) {
  double total = 0, same = 0;
  for (size_t i = 0; i < cells.size(); ++i) {
    total += cells[i];
    if (i % (kAnswers + 1) == 0) same += cells[i];
  }
  return total > 0 ? same / total : kNan;
}

double PresenceAc1(const AnswerTables::Cells& cells) {
  const double observed = ObservedAgreement(cells);
  double total = 0;
  std::array<double, kAnswers> said{};
  for (size_t i = 0; i < cells.size(); ++i) {
    total += cells[i];
    said[i / kAnswers] += cells[i];
    said[i % kAnswers] += cells[i];
  }
  const int answers = said[kUnread] > 0 ? kAnswers : kAnswers - 1;
  double chance = 0;
  for (const double count : said) {
    const double share = count / (2 * total);
    chance += share * (1 - share) / (answers - 1);
  }
  return (observed - chance) / (1 - chance);
}

}  // namespace maskbench::consistency
