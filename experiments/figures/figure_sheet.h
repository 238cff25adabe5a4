#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "maskbench/pipeline/figure.h"

namespace maskbench {

/// A number of an eye or a recording, true and measured.
struct Sample {
  int subject = 0;
  double truth = 0, measured = 0;
};

/// A number of somebody, e.g. an error.
struct Entry {
  int subject = 0;
  double value = 0;
};

/// What stands beside a figure's value.
struct Row {
  std::map<std::string, std::string> group;
  std::string n_unit = "eye";
  int failed = 0;
  std::string condition{};
};

/// Figures come in this order, for all variants and observers together: what matters most first.
enum class Part { kHeadline, kGaze, kRecording, kOtherScale, kGroups };

/// Takes the figures of one observer under one variant. Intervals are bootstrapped over subjects;
/// there is none below kMinimumUnits of them.
class FigureSheet {
 public:
  using Statistic = std::function<double(const std::vector<double>& subject_weights)>;
  using Figures = std::vector<std::pair<Part, Figure>>;

  /// @param subjects  in the whole data set. @param figures  outlives this.
  FigureSheet(Figure head, int subjects, int resamples, std::uint64_t seed, Figures* figures);

  void Start(Part part) { part_ = part; }
  /// @param subjects  that stand behind it.
  void Add(const Row& row, const std::string& metric, const std::string& unit, size_t n,
           int subjects, const Statistic& statistic);
  /// NAME_bias and NAME_limits_of_agreement.
  void AddAgreement(const Row& row, const std::string& name, const std::string& unit,
                    const std::vector<Sample>& samples);
  void AddSlope(const Row& row, const std::string& metric, const std::string& unit,
                const std::vector<Sample>& samples);
  void AddMean(const Row& row, const std::string& metric, const std::string& unit,
               const std::vector<Entry>& entries);
  /// @param p  0 … 1.
  void AddPercentile(const Row& row, const std::string& metric, const std::string& unit,
                     std::vector<Entry> entries, double p);
  /// Share of entries that are 1. With few hits or misses the interval is the exact one of
  /// share × subjects among subjects, since resampling cannot vary what hardly happens.
  void AddShare(const Row& row, const std::string& metric, const std::vector<Entry>& entries);

 private:
  Figure* Push(const Row& row, const std::string& metric, const std::string& unit, size_t n);

  Figure head_;
  int subjects_, resamples_;
  std::uint64_t seed_;
  Part part_ = Part::kHeadline;
  Figures* figures_;
};

/// By part, else in the order in which they came.
std::vector<Figure> InOrder(FigureSheet::Figures figures);

}  // namespace maskbench
