#include "experiments/diagnostic_consistency/published.h"

#include <cmath>

#include <fmt/format.h>

namespace maskbench::consistency {
namespace {

/// A figure of the paper and the one of ours that answers it.
struct Published {
  const char* what;
  const char* condition;
  const char* value;
  const char* mark;
  const char* metric;  ///< Ours.
  const char* why;
};

constexpr const char* kNotRecovered = "not published / not recovered";

constexpr Published kPublished[] = {
    {"Cohen's κ, original against mask", "thyroid_orbitopathy", "0.801", "read", "presence_kappa",
     "physicians judged the disease with all its signs; readers here see retraction, lag and lower "
     "lids, and a neutral face shows neither redness nor swelling"},
    {"Cohen's κ, original against mask", "ptosis", "≥ 0.845", "read", "presence_kappa",
     "the paper states a bound for three conditions together; here a third of the patients and "
     "more lie within 1 mm of the limit, where readers change their minds most"},
    {"Cohen's κ, original against mask", "strabismus", "≥ 0.845", "read", "presence_kappa",
     "the same bound; deviations here are read with covers and against a written limit of 9 Δ"},
    {"Cohen's κ, original against mask", "nystagmus", "≥ 0.845", "read", "presence_kappa",
     "the same bound; small and fast rhythms are over-represented here"},
    {"P of equal accuracy, original against mask", "thyroid_orbitopathy", "≥ 0.131", "read",
     "accuracy_difference_p",
     "the test behind it was not recovered; here Obuchowski's, two eyes of a patient as one "
     "cluster"},
    {"P of equal accuracy, original against mask", "ptosis", "≥ 0.131", "read",
     "accuracy_difference_p", "as above; a large P proves no sameness, see the next rows"},
    {"P of equal accuracy, original against mask", "strabismus", "≥ 0.131", "read",
     "accuracy_difference_p", "as above"},
    {"P of equal accuracy, original against mask", "nystagmus", "≥ 0.131", "read",
     "accuracy_difference_p", "as above"},
    {"Accuracy equivalent within the margin, P", "thyroid_orbitopathy", kNotRecovered, "?",
     "accuracy_equivalence_p", "two one-sided tests; the paper reports none"},
    {"Accuracy equivalent within the margin, P", "ptosis", kNotRecovered, "?",
     "accuracy_equivalence_p", "as above"},
    {"Accuracy equivalent within the margin, P", "strabismus", kNotRecovered, "?",
     "accuracy_equivalence_p", "as above"},
    {"Accuracy equivalent within the margin, P", "nystagmus", kNotRecovered, "?",
     "accuracy_equivalence_p", "as above"},
    {"Accuracy on masks", "thyroid_orbitopathy", kNotRecovered, "?", "accuracy",
     "tables by disease were not recovered"},
    {"Accuracy on masks", "ptosis", kNotRecovered, "?", "accuracy", "as above"},
    {"Accuracy on masks", "strabismus", kNotRecovered, "?", "accuracy", "as above"},
    {"Accuracy on masks", "nystagmus", kNotRecovered, "?", "accuracy", "as above"},
};

std::string Shown(const Figure& figure) {
  if (std::isnan(figure.value)) return "–";
  std::string text = fmt::format("{:.3f}", figure.value);
  if (!std::isnan(figure.interval.low))
    text += fmt::format(" [{:.3f}, {:.3f}]", figure.interval.low, figure.interval.high);
  return text + fmt::format(", {} eyes", figure.n);
}

}  // namespace

ReportGrid PublishedComparison(const std::vector<Figure>& figures, const std::string& variant,
                               const std::vector<std::string>& readers) {
  ReportGrid grid;
  grid.title = "Paper against measured: " + variant;
  grid.explanation =
      "Yang et al., Nat Med 28:1883 (2022), doi 10.1038/s41591-022-01966-1. How a published value "
      "is known: *read* in the primary text; *secondary*, from a source about it; *?*, not "
      "recovered, so nothing is put in its place. Published: 12 ophthalmologists (secondary), real "
      "patients (a registered plan of 400), unit the eye. Ours: rendered patients, readers as "
      "named, "
      "with 95 % intervals over patients. A panel is **simulated**.";
  grid.header = {"figure", "condition", "published", "known by"};
  for (const std::string& reader : readers) grid.header.push_back("ours: " + reader);
  grid.header.emplace_back("why they may differ");
  for (const Published& row : kPublished) {
    std::vector<std::string> cells = {row.what, row.condition, row.value, row.mark};
    for (const std::string& reader : readers) {
      std::string cell = "–";
      for (const Figure& figure : figures)
        if (figure.variant == variant && figure.reader == reader && figure.metric == row.metric &&
            figure.condition == row.condition && figure.group.empty())
          cell = Shown(figure);
      cells.push_back(cell);
    }
    cells.emplace_back(row.why);
    grid.rows.push_back(std::move(cells));
  }
  return grid;
}

}  // namespace maskbench::consistency
