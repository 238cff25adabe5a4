#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "maskbench/core/json.h"
#include "maskbench/pipeline/figure.h"

#include "disclosure.h"
#include "score_histograms.h"
#include "verdict.h"

namespace maskbench {

/// Figures by columns: a text column is {"words": […], "at": […]}, `at` pointing into `words`, or
/// {"all": word} where all are the same; a number column holds numbers of six significant digits
/// and null. So 5000 figures take some 200 kB instead of 2 MB.
/// @param dataset  false: without the data set's name.
Json FigureColumnsJson(const std::vector<Figure>& figures, bool dataset);

/// Tables as indices into the figures: {"experiment", "title", "explanation", "keys", "columns",
/// "of": "figures" or "timings", "rows": [[keys…, indices…]]}, −1 for an empty cell.
Json TablesJson(const Json& tables, const std::vector<Figure>& figures,
                const std::vector<Figure>& timings);

/// Panels of histograms; edges that panels share are written once.
Json PanelsJson(const NamedHistograms& histograms);

Json VerdictJson(const Verdict& verdict);

/// What of single recordings the report draws, from the store:
///  - "agreement": points of measures, original against masked and against the truth;
///  - "readings": what readers said, original against masked and truth against either, as counts;
///  - "traces": what was measured over time, original and masked, of a few recordings;
///  - "stages": time by stage;
///  - "worst": where masked measures lie farthest from the original's, with a picture where the
///    files are kept and may be shown.
/// @param out  the run's folder.
Json RecordingsJson(const RunData& data, const Disclosure& disclosure,
                    const std::filesystem::path& out);

/// A number of at most six significant digits; null for NaN and infinities.
Json ShortJson(double value);

}  // namespace maskbench
