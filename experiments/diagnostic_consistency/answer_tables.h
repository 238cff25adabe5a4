#pragma once

#include <array>
#include <functional>
#include <string>
#include <vector>

#include "maskbench/core/rng.h"
#include "maskbench/stats/interval_estimate.h"
#include "maskbench/stats/panel_kappa.h"

#include "experiments/diagnostic_consistency/eye_units.h"

namespace maskbench::consistency {

/// Which eyes take part.
using UnitFilter = std::function<bool(const EyeUnit&)>;

/// What a group's readers said of the same eyes in two arms.
struct AnswerPairs {
  std::vector<PanelReading> readings;  ///< Categories of kAnswers; the first is never kUnread.
  int unread_first = 0;                ///< Left out: not even the first arm could be read.
  int unread_second = 0;               ///< Counted as kUnread, so as disagreement.
};

/// Pairs of one condition. Eyes that a reader was asked in one arm only are none.
AnswerPairs PairAnswers(const ReaderGroup& group, const std::vector<EyeUnit>& units,
                        const std::string& first, const std::string& second, size_t condition,
                        const UnitFilter& filter = {});

/// Cells of the 3 × 3 tables of answers, by reader and patient.
class AnswerTables {
 public:
  /// A row of kAnswers² cells.
  using Cells = std::array<double, kAnswers * kAnswers>;
  /// A figure of one reader's table, summed over patients; NaN where undefined.
  using Statistic = std::function<double(const Cells&)>;

  AnswerTables(int members, int patients);
  void Add(const std::vector<PanelReading>& readings);

  /// The readers' mean; readers without a value are left out.
  double Mean(const Statistic& statistic, const std::vector<double>& reader_weights,
              const std::vector<double>& patient_weights) const;
  /// Of one reader: bootstrap over patients with its BCa interval. Of a panel: their mean, readers
  /// and patients resampled.
  IntervalEstimate Estimate(const Statistic& statistic, int resamples, NamedRandom random) const;

  int members() const { return members_; }
  int patients() const { return patients_; }
  /// Patients of whom anything was read.
  int PatientsRead() const;

 private:
  const Cells& At(int member, int patient) const {
    return cells_[static_cast<size_t>(member) * static_cast<size_t>(patients_) +
                  static_cast<size_t>(patient)];
  }

  int members_, patients_;
  std::vector<Cells> cells_;
};

/// Kappa of presence, kUnread an answer like others.
double PresenceKappa(const AnswerTables::Cells& cells);
/// Share of eyes with the same answer.
double ObservedAgreement(const AnswerTables::Cells& cells);
/// Gwet's AC1 of two readings (2008), over the answers that could be given: two, or three where an
/// eye was unread.
double PresenceAc1(const AnswerTables::Cells& cells);

}  // namespace maskbench::consistency
