#pragma once

#include <filesystem>
#include <vector>

#include "maskbench/pipeline/components.h"
#include "maskbench/pipeline/run_folder.h"

#include "report_data.h"

namespace maskbench {

/// Everything a page needs from report.json and the store.
struct PageSource {
  const Json* report = nullptr;
  const RunDescription* run = nullptr;
  const RunData* data = nullptr;
  const Disclosure* disclosure = nullptr;
  const Components* components = nullptr;
  const std::vector<Figure>* figures = nullptr;
  const std::vector<Figure>* timings = nullptr;
  const NamedHistograms* histograms = nullptr;
  const Verdict* verdict = nullptr;
  /// The run's folder.
  std::filesystem::path data_folder;
  /// The contact sheet; empty when there is none.
  std::filesystem::path picture;
  /// What nobody may conclude from the data, a sentence or two; may be empty.
  std::string lacks;
};

/// The run's verdict; its own times stand in for timed passes.
Verdict VerdictOf(const RunDescription& run, const RunData& data,
                  const std::vector<Figure>& figures, const std::vector<Figure>& timings);

/// Name of the window: the run, and whether its people are virtual or real.
std::string PageTitle(const PageSource& source);

/// What stands in the page's data element; keys are in docs/report.md.
Json PageData(const PageSource& source);

}  // namespace maskbench
