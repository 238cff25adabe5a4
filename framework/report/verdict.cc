#include "verdict.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>

#include <fmt/format.h>

namespace maskbench {
namespace {

using Rows = std::vector<const Figure*>;
using Test = std::function<bool(const Figure&)>;

bool Known(const Figure& figure) { return !std::isnan(figure.value); }
bool HasInterval(const Figure& figure) { return !std::isnan(figure.interval.low); }

Rows Select(const std::vector<Figure>& figures, const std::string& metric, const Test& test) {
  Rows rows;
  for (const Figure& figure : figures)
    if (figure.metric == metric && figure.condition.empty() && Known(figure) && test(figure))
      rows.push_back(&figure);
  return rows;
}

std::string Said(Judgement judgement, const char* good, const char* bad) {
  return judgement == Judgement::kGood ? good : judgement == Judgement::kBad ? bad : "undecided";
}

bool IsUnmasked(const JudgedVariant& variant) { return variant.type == "original"; }

/// The rows of the wanted reader, or of the first one.
Rows OfReader(const Rows& rows, const std::string& reader) {
  if (rows.empty()) return rows;
  const bool wanted = std::any_of(rows.begin(), rows.end(),
                                  [&](const Figure* figure) { return figure->reader == reader; });
  const std::string& chosen = wanted ? reader : rows.front()->reader;
  Rows kept;
  std::copy_if(rows.begin(), rows.end(), std::back_inserter(kept),
               [&](const Figure* figure) { return figure->reader == chosen; });
  return kept;
}

/// One way of taking a figure: the metric and the group it has to have.
struct Source {
  const char* metric;
  const char* half_width;
  const char* group;
  const char* says;
};

constexpr Source kMrd1[] = {
    {"mrd1_bias", "mrd1_limits_of_agreement", "bin=all;scale=true",
     "bias ± limits of agreement with the true MRD1, frame by frame, at the subject's own iris"},
    {"mrd1_bias", "mrd1_limits_of_agreement", "scale=true;value=recording",
     "bias ± limits of agreement with the true MRD1 of recordings, at the subject's own iris"},
    {"mrd1_bias", "mrd1_limits_of_agreement", "scale=default;value=recording",
     "bias ± limits of agreement with the true MRD1 of recordings"},
    {"mrd1_bias", "mrd1_limits_of_agreement", "scale=default",
     "bias ± limits of agreement with the true MRD1"},
    {"measure_bias", "measure_limits_of_agreement", "measure=mrd1",
     "bias ± limits of agreement with the MRD1 of the original, read the same way"},
    {"measure_bias", "measure_limits_of_agreement", "measure=mrd1_median",
     "bias ± limits of agreement with the MRD1 of the original, read the same way"}};
constexpr Source kGaze[] = {
    {"gaze_error_median", "", "frame=camera", "median error of the gaze against the camera"},
    {"gaze_error_median", "", "frame=head", "median error of the gaze against the head"},
    {"trace_spread", "", "measure=gaze_azimuth",
     "standard deviation over time of masked − original horizontal gaze"}};
constexpr Source kDeviation[] = {
    {"deviation_bias", "deviation_limits_of_agreement", "axis=horizontal;subjects=all",
     "bias ± limits of agreement with the true horizontal deviation"},
    {"measure_bias", "measure_limits_of_agreement", "measure=deviation_horizontal",
     "bias ± limits of agreement with the horizontal deviation of the original, read the same "
     "way"}};

const Figure* Of(const Rows& rows, const std::string& variant) {
  for (const Figure* figure : rows)
    if (figure->variant == variant) return figure;
  return nullptr;
}

class Maker {
 public:
  Maker(const std::vector<Figure>& figures, const std::vector<Figure>& timings,
        const std::vector<JudgedVariant>& variants, const std::string& reader)
      : figures_(figures), timings_(timings), variants_(variants), reader_(reader) {
    for (const JudgedVariant& variant : variants)
      verdict_.rows.push_back({variant.name, variant.type, {}});
  }

  /// The first source that has figures of a variant makes the column.
  template <size_t N>
  void AddSign(VerdictColumn column, const Source (&sources)[N], double limit) {
    for (const Source& source : sources) {
      const Rows all =
          OfReader(Select(figures_, source.metric,
                          [&](const Figure& figure) { return figure.group == source.group; }),
                   reader_);
      if (all.empty()) continue;
      const std::string& chosen = all.front()->reader;
      const Rows widths = Select(figures_, source.half_width, [&](const Figure& figure) {
        return figure.group == source.group && figure.reader == chosen;
      });
      column.explanation = fmt::format("{} (reader {}).", Capital(source.says), chosen);
      if (!std::isnan(limit)) {
        column.explanation += fmt::format(
            " Kept: |bias| + limits lie below {:g} {} with their interval.", limit, column.unit);
      }
      Add(column, [&](const JudgedVariant& variant) {
        VerdictCell cell;
        const Figure* figure = Of(all, variant.name);
        if (figure == nullptr) return cell;
        cell.figure = *figure;
        if (const Figure* width = Of(widths, variant.name)) cell.half_width = *width;
        if (std::isnan(limit) || IsUnmasked(variant)) return cell;
        cell.judgement = Judgement::kOpen;
        if (cell.half_width && HasInterval(*cell.half_width)) {
          const double bias = std::abs(figure->value);
          if (bias + cell.half_width->interval.high < limit) cell.judgement = Judgement::kGood;
          if (bias + cell.half_width->interval.low > limit) cell.judgement = Judgement::kBad;
        }
        cell.said = Said(cell.judgement, "kept", "not kept");
        return cell;
      });
      return;
    }
  }

  void AddKappa(double limit) {
    Rows all;
    for (const Figure& figure : figures_)
      if (figure.metric == "presence_kappa" && figure.group.empty() && Known(figure))
        all.push_back(&figure);
    if (all.empty()) return;
    VerdictColumn column{"kappa", "κ, lowest", "", ""};
    column.explanation = fmt::format(
        "Cohen's κ of diagnoses from the original and from the variant: the lowest of all "
        "conditions and readers. Kept: its interval lies above {:g}.",
        limit);
    Add(column, [&](const JudgedVariant& variant) {
      VerdictCell cell;
      const Figure* lowest = nullptr;
      for (const Figure* figure : all) {
        if (figure->variant != variant.name) continue;
        if (lowest == nullptr || figure->value < lowest->value) lowest = figure;
      }
      if (lowest == nullptr) return cell;
      cell.figure = *lowest;
      cell.note = lowest->condition + ", " + lowest->reader;
      if (IsUnmasked(variant)) return cell;
      cell.judgement = Judgement::kOpen;
      if (HasInterval(*lowest)) {
        if (lowest->interval.low > limit) cell.judgement = Judgement::kGood;
        if (lowest->interval.high < limit) cell.judgement = Judgement::kBad;
      }
      cell.said = Said(cell.judgement, "kept", "not kept");
      return cell;
    });
  }

  void AddIdentity() {
    const std::string pairing = Pairing();
    const auto counts = [&](const Figure& figure) {
      return figure.group == pairing && !figure.attacker.empty();
    };
    const Rows aucs = Select(figures_, "auc", counts), ranks = Select(figures_, "rank_1", counts);
    if (aucs.empty()) return;
    const auto floor = [](const Rows& rows) -> std::optional<Figure> {
      for (const Figure* figure : rows)
        if (figure->attacker == "oracle_signs") return *figure;
      return std::nullopt;
    };
    verdict_.floor_auc = floor(aucs);
    verdict_.floor_rank_1 = floor(ranks);
    // Chosen by people who are not tested, so not too high.
    const Rows chosen = Select(figures_, "strongest_auc", counts);
    const Rows planted = Select(figures_, "planted_auc", counts);
    const std::string against = verdict_.floor_auc ? "the floor, which knows true signs alone"
                                                   : "chance; this run has no floor";
    const std::string where = pairing.empty() ? "" : fmt::format(" ({})", pairing);
    Add({"rank_1", "Found, rank 1", "share",
         "The strongest attacker's share of probes found first in the gallery" + where +
             ". The highest of several attackers, so rather too high. Not judged: the AUC has more "
             "power."},
        [&](const JudgedVariant& variant) {
          VerdictCell cell;
          if (const Figure* figure = Strongest(ranks, variant.name)) {
            cell.figure = *figure;
            cell.note = figure->attacker + ", " + figure->recogniser;
          }
          return cell;
        });
    Add({"auc", "Told apart, AUC", "share",
         "The strongest attacker's AUC" + where + " against " + against +
             ". Leaks: its interval lies above. At chance: its interval holds 0.5, and the same "
             "attacker finds a planted leak. Told apart, not above the floor: whether by signs or "
             "by faces is not known; sign-matched galleries would tell. Undecided: otherwise."},
        [&](const JudgedVariant& variant) {
          VerdictCell cell;
          const Figure* figure = Of(chosen, variant.name);
          if (figure == nullptr) figure = Strongest(aucs, variant.name);
          if (figure == nullptr) return cell;
          cell.figure = *figure;
          cell.note = figure->attacker + ", " + figure->recogniser;
          if (!IsUnmasked(variant)) JudgeIdentity(*figure, planted, &cell);
          return cell;
        });
  }

  void AddSpeed() {
    Rows timed = Select(timings_, "frames_per_second", [](const Figure& figure) {
      return figure.group == "stage=end_to_end;workers=1";
    });
    std::string says = "End to end with one worker, alone on the machine.";
    if (timed.empty()) {
      timed = Select(timings_, "run_frames_per_second",
                     [](const Figure& figure) { return figure.group == "stage=mask"; });
      says =
          "Finding faces, reconstructing and masking, beside other work of this run; use the "
          "experiment throughput to time it.";
    }
    if (timed.empty()) return;
    Add({"speed", "Speed", "frames/s", says}, [&](const JudgedVariant& variant) {
      VerdictCell cell;
      if (const Figure* figure = Of(timed, variant.name)) cell.figure = *figure;
      return cell;
    });
  }

  Verdict Take() { return std::move(verdict_); }

 private:
  static std::string Capital(std::string text) {
    if (!text.empty())
      text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
    return text;
  }

  void Add(const VerdictColumn& column,
           const std::function<VerdictCell(const JudgedVariant&)>& cell_of) {
    std::vector<VerdictCell> cells;
    for (const JudgedVariant& variant : variants_) cells.push_back(cell_of(variant));
    const bool any = std::any_of(cells.begin(), cells.end(),
                                 [](const VerdictCell& cell) { return cell.figure.has_value(); });
    if (!any) return;
    verdict_.columns.push_back(column);
    for (size_t i = 0; i < cells.size(); ++i) verdict_.rows[i].cells.push_back(std::move(cells[i]));
  }

  /// Different sessions are the harder and the more honest comparison.
  std::string Pairing() const {
    std::string first;
    for (const Figure& figure : figures_) {
      if (figure.metric != "auc" || figure.attacker.empty() || !figure.condition.empty() ||
          !Known(figure))
        continue;
      if (figure.group == "pairing=different_session") return figure.group;
      if (first.empty()) first = figure.group;
    }
    return first;
  }

  static const Figure* Strongest(const Rows& rows, const std::string& variant) {
    const Figure* strongest = nullptr;
    for (const Figure* figure : rows) {
      if (figure->variant != variant || figure->attacker == "oracle_signs") continue;
      if (strongest == nullptr || figure->value > strongest->value) strongest = figure;
    }
    return strongest;
  }

  void JudgeIdentity(const Figure& auc, const Rows& planted, VerdictCell* cell) const {
    cell->judgement = Judgement::kOpen;
    cell->said = "undecided";
    if (!HasInterval(auc)) return;
    double floor = 0.5;
    if (verdict_.floor_auc) {
      if (!HasInterval(*verdict_.floor_auc)) return;
      floor = std::max(floor, verdict_.floor_auc->interval.high);
    }
    if (auc.interval.low > floor) {
      cell->judgement = Judgement::kBad;
      cell->said = "leaks";
      return;
    }
    if (auc.interval.low > 0.5) {
      cell->said = "told apart, not above the floor";
      return;
    }
    for (const Figure* figure : planted) {
      const bool same = figure->variant == auc.variant && figure->attacker == auc.attacker &&
                        figure->recogniser == auc.recogniser &&
                        figure->gallery_variant == auc.gallery_variant;
      if (!same || !HasInterval(*figure) || figure->interval.low <= 0.5) continue;
      cell->judgement = Judgement::kGood;
      cell->said = "at chance";
    }
  }

  const std::vector<Figure>& figures_;
  const std::vector<Figure>& timings_;
  const std::vector<JudgedVariant>& variants_;
  const std::string& reader_;
  Verdict verdict_;
};

}  // namespace

const char* ToString(Judgement judgement) {
  switch (judgement) {
    case Judgement::kGood:
      return "good";
    case Judgement::kBad:
      return "bad";
    case Judgement::kOpen:
      return "open";
    case Judgement::kNone:
      break;
  }
  return "";
}

Verdict MakeVerdict(const std::vector<Figure>& figures, const std::vector<Figure>& timings,
                    const std::vector<JudgedVariant>& variants, const std::string& reader,
                    const VerdictLimits& limits) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  Maker maker(figures, timings, variants, reader);
  maker.AddSign({"mrd1", "MRD1", "mm", ""}, kMrd1, limits.mrd1_mm);
  maker.AddSign({"gaze", "Gaze error", "deg", ""}, kGaze, kNan);
  maker.AddSign({"deviation", "Deviation", "Δ", ""}, kDeviation, limits.deviation_dioptres);
  maker.AddKappa(limits.kappa);
  maker.AddIdentity();
  maker.AddSpeed();
  return maker.Take();
}

}  // namespace maskbench
